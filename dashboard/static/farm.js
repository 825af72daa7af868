// A chart whose rows cannot be had says so: the plugin leaves it empty, as if there
// were none.
const ask = window.fetch
window.fetch = async (...request) => {
  const answer = await ask(...request)
  const said = await answer.clone().json().catch(() => ({}))
  if (said.ok === false) {
    // While the file is locked, no chart is named, and each says the same.
    const name = (said.query_name || '').replace(/^[^-]*-/, '')
    const chart = document.getElementById(`chart-${name}`) ||
      document.querySelector('.dashboard-grid, .dashboard-card > [id]')
    const words = document.createElement('p')
    words.className = 'chart-error'
    words.textContent = `This cannot be shown: ${said.error}`
    if (chart.previousElementSibling?.textContent !== words.textContent) chart.before(words)
  }
  return answer
}
