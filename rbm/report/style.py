"""How a report looks: in the theme that its reader's system has, and on paper."""

from rbm.report.pictures import gradient

STYLE = f"""
:root{{--text:#1b2026;--soft:#57606a;--line:#d0d7de;--back:#fff;--inner:#f6f8fa;--warn:#9a3412;--scale:{gradient("light")};
--c0:#0b7670;--c1:#c24d05}}
@media (prefers-color-scheme:dark){{:root{{--text:#e6e9ed;--soft:#9aa4af;--line:#30363d;--back:#0e1116;--inner:#161b22;
--warn:#ff9a57;--scale:{gradient("dark")};--c0:#3cc7b8;--c1:#ff9a57}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--back);color:var(--text);font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}}
main,footer{{max-width:1080px;margin:0 auto;padding:0 20px}}
h1{{font-size:1.7rem;line-height:1.25;margin:28px 0 4px;overflow-wrap:anywhere}}
h2{{font-size:1.1rem;margin:30px 0 8px}}
p{{margin:4px 0;color:var(--soft);max-width:75ch;overflow-wrap:anywhere}}
.facts,footer p{{max-width:none}}
.warn,.mark{{color:var(--warn)}}
.tag{{display:inline-block;border:1px solid var(--line);border-radius:9px;padding:0 8px;margin:4px 6px 4px 0;
overflow-wrap:anywhere}}
blockquote{{margin:8px 0;padding:2px 14px;border-left:3px solid var(--c0);overflow-wrap:anywhere}}
table{{border-collapse:collapse;font-size:.93rem}}
th,td{{text-align:left;padding:4px 16px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}}
th{{color:var(--soft);font-weight:600}}
td.n{{font-variant-numeric:tabular-nums;white-space:nowrap}}
.wide{{overflow-x:auto}}
@media (max-width:600px){{td,th{{padding-right:10px}}td.n{{white-space:normal}}}}
.pair{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:0 32px}}
.half{{max-width:720px}}
img{{display:block;width:100%;image-rendering:pixelated}}
.scale{{display:flex;gap:8px;align-items:center;font-size:.85rem}}
.scale i{{flex:1;height:8px;background:var(--scale)}}
.grid{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:16px 32px}}
figure{{margin:0;break-inside:avoid}}
figcaption,summary{{font-weight:600;font-size:.95rem}}
summary{{cursor:pointer;font-weight:400;color:var(--soft)}}
svg{{display:block;width:100%}}
svg text{{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--soft)}}
.grid .grid{{stroke:var(--line)}}
.line{{fill:none;stroke-width:1.8;stroke-linejoin:round}}
.line.c0{{stroke:var(--c0)}}.line.c1{{stroke:var(--c1)}}
.dot.c0{{fill:var(--c0);stroke:var(--c0)}}.dot.c1{{fill:var(--c1);stroke:var(--c1)}}
.dot.hollow{{fill:var(--back);stroke-width:1.6}}
.band{{fill:var(--c1);opacity:.16}}
pre{{background:var(--inner);border:1px solid var(--line);border-radius:6px;padding:12px 14px;overflow-x:auto;font-size:.87rem}}
footer{{margin:36px auto 24px;border-top:1px solid var(--line);padding-top:8px;font-size:.87rem}}
"""
