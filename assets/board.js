// The elements of this page that move, by channel, and the last news of each. Joined in front of those that take part.

const board = (globalThis.boltzmannBoard ??= { takers: new Map(), news: new Map() });

// Update an element with the newer of what the script says and what the socket has said; returns how to leave.
function join(data, update) {
  const { channel } = data;
  const take = (news) => update({ ...data, ...news });
  const news = board.news.get(channel);
  board.takers.set(channel, take);
  take(news?.at > data.at ? news : {});
  return () => board.takers.get(channel) === take && board.takers.delete(channel);
}

function tell(channel, news) {
  board.news.set(channel, news);
  board.takers.get(channel)?.(news);
}
