use super::*;

/// Returns the command lines for a scenario file and the arguments typed after it.
fn lines(text: &str, typed: &[&str]) -> Result<Vec<Vec<String>>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.toml");
    std::fs::write(&file, text).expect("written");
    let file = format!("--scenario={}", file.display());
    let words = ["bench", "load", &file].into_iter().chain(typed.iter().copied());
    let found = command_lines(words.map(OsString::from).collect()).map_err(|error| error.to_string())?;
    let here = folder.path().display().to_string();
    let shown = |line: Vec<OsString>| -> Vec<String> {
        let words = line[2..].iter().map(|word| word.to_string_lossy().replace(&here, "HERE"));
        words.filter(|word| !word.starts_with("--scenario")).collect()
    };
    Ok(found.into_iter().map(shown).collect())
}

fn one(text: &str, typed: &[&str]) -> Vec<String> {
    let mut all = lines(text, typed).expect("a scenario");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

const CHAT: &str = r#"
    url = ["http://a", "http://b"]
    endpoint = "chat"
    isl = 512
    rate = [2, 4.5]
    arrival = "constant"
    no_stream = true
    no-salt = false
    duration = "60s"
    slo = ["ttft <= 300ms"]
    extra_body = { temperature = 0.5 }
"#;

#[test]
fn keys_are_flags() {
    let line = one(CHAT, &[]);
    let expected = [
        "http://a",
        "http://b",
        "--arrival=constant",
        "--duration=60s",
        "--endpoint=chat",
        r#"--extra-body={"temperature":0.5}"#,
        "--isl=512",
        "--no-stream",
        "--rate=2",
        "--rate=4.5",
        "--slo=ttft <= 300ms",
    ];
    assert_eq!(line, expected);
    let words = ["bench", "load"].into_iter().chain(line.iter().map(String::as_str));
    Arguments::command().try_get_matches_from(words).expect("a command line");
}

#[test]
fn what_is_typed_comes_first() {
    let line = one(CHAT, &["http://c", "--concurrency", "8", "--isl=64"]);
    let expected = [
        "--duration=60s",
        "--endpoint=chat",
        r#"--extra-body={"temperature":0.5}"#,
        "--no-stream",
        "--slo=ttft <= 300ms",
        "http://c",
        "--concurrency",
        "8",
        "--isl=64",
    ];
    assert_eq!(line, expected);
    // Another flag for the token replaces the one in the file.
    let token = one("url = 'http://a'\ntoken_env = 'A'", &["--token-file=x"]);
    assert_eq!(token, ["http://a", "--token-file=x"]);
}

#[test]
fn files_are_those_beside_the_scenario() {
    let line = one("url = 'http://a'\ninput = ['a.txt', '/b.txt']\noutput-dir = 'results'", &[]);
    assert_eq!(line, ["http://a", "--input=HERE/a.txt", "--input=/b.txt", "--output-dir=results"]);
}

#[test]
fn a_matrix_is_a_load_for_each_combination() {
    let text =
        "url = 'http://a'\n[matrix]\nconnections = ['warm', 'cold']\nisl = [128, 512]\nrate = [[1, 2]]";
    let all = lines(text, &[]).expect("a scenario");
    assert_eq!(all.len(), 4);
    assert_eq!(
        all[1],
        [
            "http://a",
            "--connections=warm",
            "--argument=connections=warm",
            "--isl=512",
            "--argument=isl=512",
            "--rate=1",
            "--rate=2",
            "--argument=rate=1+2",
        ]
    );
    // Typed flags are the same in all command lines.
    assert_eq!(lines(text, &["--isl=9", "--concurrency=1"]).expect("a scenario").len(), 2);
}

#[test]
fn what_is_no_scenario_is_refused() {
    for (text, said) in [
        ("url = 'http://a'\nratee = 4", "unknown key `ratee`, did you mean `rate`?"),
        ("url = 'http://a'\n[load]\nrate = 4", "unknown key `load`"),
        ("url = 'http://a'\nshare = '1/2'", "unknown key `share`"),
        ("rate = 4", "it names no server"),
        ("url = 4.5\nrate = {}", "`rate` must be a text, a number, or a list"),
        ("url = {}", "`url` must be an address"),
        ("url = 'http://a'\nno_salt = 1", "`no_salt` must be true or false"),
        ("url = 'http://a'\nrate = [[1]]", "`rate` must be a text, a number, or a list"),
        ("url = 'http://a'\nrate = true", "`rate` must be"),
        ("url = 'http://a'\nmatrix = 1", "`matrix` must be a table"),
        ("url = 'http://a'\n[matrix]\nrate = 1", "`matrix.rate` must be a list"),
        ("url = 'http://a'\n[matrix]\nrate = []", "`matrix.rate` has no value"),
        ("url = 'http://a'\nrate = 1\n[matrix]\nrate = [2]", "`rate` is set both"),
        ("url = ", "chat.toml: TOML parse error"),
    ] {
        let error = lines(text, &[]).expect_err(text);
        assert!(error.contains(said), "{text}: {error}");
    }
    let missing = command_lines(["bench", "load", "--scenario=missing.toml"].map(OsString::from).to_vec());
    assert!(missing.expect_err("no file").to_string().starts_with("missing.toml: cannot be read"));
}

#[test]
fn other_command_lines_are_as_they_are() {
    for words in [&["bench", "load", "http://a", "--rate=2"][..], &["bench", "trend"], &["bench", "--help"]] {
        let typed: Vec<OsString> = words.iter().map(OsString::from).collect();
        assert_eq!(command_lines(typed.clone()).expect("no scenario"), [typed]);
    }
}
