// Commits: as links where the page knows the forge, as text otherwise.

/** Where the forge shows commits: `{ commit, range }`, each a template with `{}` in the place of a commit. */
let forge = {};

/** An address from a template; null where there is none, or where it leads to no web page. */
function forgeAddress(template, ...commits) {
  if (!template || !/^https?:\/\//.test(template) || !commits.every((commit) => /^[0-9a-f]{7,64}$/i.test(commit)))
    return null;
  return commits.reduce((address, commit) => address.replace("{}", commit), template);
}

function commitLink(commit) {
  const code = element("code", { title: commit }, shortCommit(commit));
  const href = forgeAddress(forge.commit, commit);
  return href ? element("a", { href, rel: "noreferrer" }, code) : code;
}

/** What lies between two runs: `91032ad..b3f0c7f`. */
function commitRange(good, bad) {
  if (!good?.commit || !bad?.commit) return "not known";
  if (good.commit === bad.commit) return ["none between, both at ", commitLink(bad.commit)];
  const href = forgeAddress(forge.range, good.commit, bad.commit);
  const code = element(
    "code",
    { title: `${good.commit}..${bad.commit}` },
    `${shortCommit(good.commit)}..${shortCommit(bad.commit)}`,
  );
  return href ? element("a", { href, rel: "noreferrer" }, code) : code;
}
