"""What a restricted Boltzmann machine is, and three ways to see one move at once."""

import streamlit as st

from pages.ui import shell
from pages.ui.draw import figures
from pages.ui.session import live

# Each demo: a preset, where it is watched, and what the button says.
DEMOS = (
    ("default", shell.TRAIN, "See strokes appear", ":material/grid_view:", "Trains 100 hidden units on MNIST digits."),
    ("pcd", shell.GIBBS, "Make digits from noise", ":material/casino:", "Trains with PCD while you step its chains."),
    ("overfit", shell.TRAIN, "Watch one overfit", ":material/trending_up:", "500 images only: two curves part."),
)


shell.header("Boltzmann Explorer", "What does an energy-based model actually do? Press a button and watch one learn.")
for place, (preset, page, label, icon, about) in zip(st.columns(len(DEMOS)), DEMOS, strict=True):
    with place:
        if st.button(
            label,
            key=f"demo_{preset}",
            icon=icon,
            type="primary",
            width="stretch",
            on_click=live.start_preset,
            args=(preset,),
        ):
            st.switch_page(page)
        st.caption(about)
words, drawing = st.columns([6, 5], gap="large", vertical_alignment="center")
with words:
    st.markdown((shell.ROOT / "assets/text/home.en.md").read_text("utf-8"))
with drawing:
    st.markdown(figures.bipartite(6, 4), unsafe_allow_html=True)  # our own drawing; st.html would strip the SVG
