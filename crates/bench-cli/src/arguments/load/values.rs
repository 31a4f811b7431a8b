//! Values of the arguments of `bench load`.

use bench_endpoint::data::Lengths;
use bench_syntax::quantity::parse_duration;
use clap::ValueEnum;

/// Parses a number of clients, up to the largest number of threads in a process.
pub(super) fn clients() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=65_536)
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse::<f64>().ok().filter(|rate| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "expected requests per second, more than 0".to_owned())
}

/// How requests come at a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arrival {
    Poisson,
    Constant,
    Gamma(f64),
}

pub(super) fn arrival(text: &str) -> Result<Arrival, String> {
    match (text, text.strip_prefix("gamma:").map(rate)) {
        ("poisson", _) => Ok(Arrival::Poisson),
        ("constant", _) => Ok(Arrival::Constant),
        (_, Some(Ok(shape))) => Ok(Arrival::Gamma(shape)),
        _ => Err("expected poisson, constant or gamma:SHAPE with a shape of more than 0".to_owned()),
    }
}

/// The first rate of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FirstRate {
    /// Derived from the rate of one client.
    Auto,
    Given(f64),
}

pub(super) fn first_rate(text: &str) -> Result<FirstRate, String> {
    if text == "auto" { Ok(FirstRate::Auto) } else { rate(text).map(FirstRate::Given) }
}

pub(super) fn prefix(text: &str) -> Result<(u64, u64), String> {
    let (tokens, pool) = text.split_once(':').unwrap_or((text, "1"));
    let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| (1..=1 << 24).contains(number));
    number(tokens).zip(number(pool)).ok_or_else(|| {
        "expected a number of tokens such as 256, or with a number of prefixes such as 256:4".to_owned()
    })
}

/// A condition of an objective: `ttft <= 300ms`; `ttft=300ms` for what had better be small; `ttft:300`, in milliseconds, as
/// vLLM has it.
pub(super) fn condition(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains("<=") || text.contains(">=") {
        return Ok(text.to_owned());
    }
    let (name, limit) = match (text.split_once('='), text.split_once(':')) {
        (Some((name, limit)), _) => (name.trim(), limit.trim().to_owned()),
        (None, Some((name, limit))) => {
            let number = limit.trim().parse::<f64>().is_ok();
            (name.trim(), if number { format!("{}ms", limit.trim()) } else { limit.trim().to_owned() })
        }
        (None, None) => {
            return Err("expected a condition such as `ttft <= 300ms` or `ttft_p99=200ms`".to_owned());
        }
    };
    let small = [
        "ttft",
        "ttfo",
        "tpot",
        "itl",
        "icl",
        "latency",
        "service_latency",
        "scheduled_latency",
        "rtf",
        "ttfa",
    ];
    let quantity = name.split("_p").next().unwrap_or_default();
    if small.contains(&quantity) {
        return Ok(format!("{name} <= {limit}"));
    }
    Err(format!("`{text}`: write `{name} <= {limit}` or `{name} >= {limit}`"))
}

/// Times in milliseconds: `2s`, `2s:500ms`, `1s-5s`.
pub(super) fn think_time(text: &str) -> Result<Lengths, String> {
    let wrong =
        || format!("`{text}`: expected a time as 2s, as 2s:500ms (mean and deviation) or as 1s-5s (uniform)");
    let ms = |text: &str| {
        let time = parse_duration(text.trim()).map_err(|_| wrong())?;
        u64::try_from(time.as_millis()).ok().filter(|ms| *ms > 0).ok_or_else(wrong)
    };
    if let Some((mean, deviation)) = text.split_once(':') {
        return Ok(Lengths::Normal(ms(mean)? as f64, ms(deviation)? as f64));
    }
    match text.split_once('-') {
        Some((from, to)) => match (ms(from)?, ms(to)?) {
            (from, to) if from <= to => Ok(Lengths::Uniform(from, to)),
            _ => Err(wrong()),
        },
        None => ms(text).map(Lengths::Exactly),
    }
}

pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.filter(|(width, height)| *width > 0 && *height > 0).ok_or_else(|| "expected 512x512".to_owned())
}

/// A share in percent, of which 0 is one: `0`, `2.5%`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let percent = text.trim_end_matches('%').trim().parse::<f64>().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "expected a share from 0% to 100%".to_owned())
}

/// Names of headers that hold secrets: what is typed can be seen by all users of the machine.
const SECRET: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

pub(super) fn header(text: &str) -> Result<(String, String), String> {
    // The text itself is not repeated: it may be a secret.
    let (name, value) = text.split_once(':').ok_or_else(|| "expected 'NAME: VALUE'".to_owned())?;
    let name = name.trim();
    if SECRET.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "`{name}` contains a secret, which others can see in the list of processes: give it with --token-env or \
             --token-file"
        ));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// A load generator whose JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// `vllm bench serve --save-result`.
    Vllm,
    /// The `profile_export_aiperf.json` of `aiperf profile`.
    Aiperf,
}

/// `NAME=VALUE`.
pub(super) fn argument(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "expected NAME=VALUE".to_owned())
}

pub(super) fn case_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("expected letters, digits, `-`, `_` and `.`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        assert_eq!(size("512x256"), Ok((512, 256)));
        assert!(size("512").is_err() && size("0x1").is_err());
        assert_eq!((share("0"), share("2.5%")), (Ok(0.0), Ok(0.025)));
        assert!(share("-1").is_err() && share("x").is_err() && share("101%").is_err());
        assert_eq!(header("X-Trace: a:b"), Ok(("X-Trace".to_owned(), "a:b".to_owned())));
        assert!(case_name("a/b").is_err() && case_name("").is_err());
        assert_eq!((prefix("256"), prefix("256:4")), (Ok((256, 1)), Ok((256, 4))));
        assert_eq!(
            (arrival("constant"), arrival("gamma:0.5")),
            (Ok(Arrival::Constant), Ok(Arrival::Gamma(0.5)))
        );
        assert!(arrival("gamma:0").is_err() && arrival("bursty").is_err() && prefix("0").is_err());
        assert_eq!((first_rate("auto"), first_rate("4")), (Ok(FirstRate::Auto), Ok(FirstRate::Given(4.0))));
    }

    #[test]
    fn times_of_thinking_are_read_in_three_ways() {
        assert_eq!(think_time("2s"), Ok(Lengths::Exactly(2000)));
        assert_eq!(think_time("2s:500ms"), Ok(Lengths::Normal(2000.0, 500.0)));
        assert_eq!(think_time("1s-5s"), Ok(Lengths::Uniform(1000, 5000)));
        for wrong in ["", "2", "0s", "5s-1s", "2s:", "2s:x", "-1s"] {
            assert!(think_time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn conditions_are_read_in_three_ways() {
        let read = |text: &str| condition(text);
        assert_eq!(read(" ttft <= 300ms"), Ok("ttft <= 300ms".to_owned()));
        assert_eq!(read("ttft_p99=200ms"), Ok("ttft_p99 <= 200ms".to_owned()));
        assert_eq!(read("tpot:50"), Ok("tpot <= 50ms".to_owned()));
        // Which way is meant is not guessed.
        assert!(read("output_tokens_s=50").expect_err("unclear").contains("`output_tokens_s >= 50`"));
        assert!(read("ttft").is_err() && read("").is_err());
    }

    #[test]
    fn a_secret_is_refused_and_not_repeated() {
        for typed in ["Authorization: Bearer hunter2", "X-API-Key:hunter2", "hunter2"] {
            let error = header(typed).expect_err("refused");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
