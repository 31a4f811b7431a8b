//! Text generation.

use bench_protocol::Better;

use super::streaming::{Arrival, arrivals, first_output_s, gaps, outputs, per_second, since, within};
use super::{Answer, Derived, Domain, Figure, Quantity, Rate, Response, Seen};
use crate::request::MarkKind;

/// Text generation: tokens per second, and how soon and how steadily they arrive.
///
/// | metric | formula |
/// |---|---|
/// | output tokens/s, input tokens/s | Σ tokens / W |
/// | TTFT | first output − sent |
/// | TTFO | first token of the answer, after any reasoning − sent |
/// | TPOT | (last output − first output) / tokens after those of the first chunk, of each request |
/// | ITL | gaps between tokens, pooled over all requests |
/// | ICL | gaps between chunks, pooled over all requests |
/// | prefill tokens/s | input tokens / TTFT, of each request whose first chunk holds one token |
/// | decode tokens/s | 1 / TPOT, of each request |
///
/// `W` is the wall time of the window. All but the first row need marks of outputs
/// ([`Request::output`](crate::Request::output)), TTFO one of the answer
/// ([`Request::answer`](crate::Request::answer)). A chunk may contain several tokens. Their number is known if as many
/// outputs were marked as tokens were generated, or if each output reports it
/// ([`Request::output_of`](crate::Request::output_of)). TPOT needs it: the tokens of the first chunk came without a
/// gap. It is absent, with a warning that gives the reason, if the number is not known, and if all tokens came at
/// once; it is undefined, not 0, for one token. ITL needs every chunk after the first to contain one token.
pub const TEXT: Domain = Domain {
    name: "text",
    primary: "output tokens/s",
    columns: COLUMNS,
    derived: DERIVED,
    rates: RATES,
    ratios: &[],
    quantities: QUANTITIES,
    plots: PLOTS,
    missing,
};

pub(super) const COLUMNS: &[&str] =
    &["prompt_tokens", "reasoning_tokens", "output_tokens", "output_characters"];

pub(super) const DERIVED: &[Derived] = &[
    Derived { column: "ttft_s", of: first_output_s },
    Derived { column: "ttfo_s", of: first_answer_s },
    Derived { column: "tpot_s", of: tpot_s },
    Derived { column: "icl_mean_s", of: |seen| mean(chunk_gaps(seen)) },
    Derived { column: "icl_max_s", of: |seen| chunk_gaps(seen).reduce(f64::max) },
    Derived { column: "prefill_tokens_per_s", of: prefill },
    Derived { column: "decode_tokens_per_s", of: decode },
];

pub(super) const RATES: &[Rate] = &[
    Rate { name: "output tokens/s", unit: "tokens/s", of: |seen| seen.value(OUTPUT_TOKENS) },
    Rate { name: "input tokens/s", unit: "tokens/s", of: input_tokens },
];

pub(super) const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "TTFT",
        unit: "s",
        of: |seen, each| first_output_s(seen).into_iter().for_each(each),
        better: Better::Lower,
        figures: Figure::LATENCY,
    },
    Quantity {
        name: "TTFO",
        unit: "s",
        of: |seen, each| first_answer_s(seen).into_iter().for_each(each),
        better: Better::Lower,
        figures: Figure::LATENCY,
    },
    Quantity {
        name: "TPOT",
        unit: "s/token",
        of: |seen, each| tpot_s(seen).into_iter().for_each(each),
        better: Better::Lower,
        figures: Figure::LATENCY,
    },
    Quantity {
        name: "ITL",
        unit: "s",
        of: |seen, each| {
            if let Ok(Some(counted)) = Counted::of(seen)
                && counted.one_by_one
            {
                chunk_gaps(seen).for_each(each);
            }
        },
        better: Better::Lower,
        figures: Figure::LATENCY,
    },
    Quantity {
        name: "ICL",
        unit: "s",
        of: |seen, each| chunk_gaps(seen).for_each(each),
        better: Better::Lower,
        figures: Figure::LATENCY,
    },
    Quantity {
        name: "prefill tokens/s",
        unit: "tokens/s",
        of: |seen, each| prefill(seen).into_iter().for_each(each),
        better: Better::Higher,
        figures: &[Figure::P50],
    },
    Quantity {
        name: "decode tokens/s",
        unit: "tokens/s",
        of: |seen, each| decode(seen).into_iter().for_each(each),
        better: Better::Higher,
        figures: &[Figure::P50],
    },
];

pub(super) const PLOTS: &[&str] = &["output tokens/s", "TTFT p95", "TPOT p95", "ICL p95"];

// Places in `COLUMNS`. The shared columns have another `input_tokens`: the number that was known before sending.
const PROMPT_TOKENS: usize = 0;
const REASONING_TOKENS: usize = 1;
const OUTPUT_TOKENS: usize = 2;
const OUTPUT_CHARACTERS: usize = 3;

/// Returns the number that the model counted, or else the one that was counted beforehand.
fn input_tokens(seen: &Seen<'_>) -> Option<f64> {
    seen.value(PROMPT_TOKENS).or_else(|| seen.facts.tokens.map(|tokens| tokens as f64))
}

fn first_answer_s(seen: &Seen<'_>) -> Option<f64> {
    let times = &seen.times;
    let mark = times.marks.iter().find(|mark| mark.kind == MarkKind::Answer)?;
    within(times, mark.at_ns).then(|| since(times.sent_ns, mark.at_ns))
}

/// The share by which the number of marked outputs and the number of generated tokens may differ, for example because a
/// token that ends the text is not shown: the error of TPOT is at most as large.
const UNACCOUNTED: f64 = 0.05;

const AT_ONCE: &str = "no TPOT: all tokens arrived at once, which says nothing about the time between them";
const UNKNOWN_CHUNKS: &str = "no TPOT: the numbers of chunks and of tokens differ, so how many tokens came in the first \
                              chunk is not known; a benchmark can mark each chunk with `request.output_of(tokens)`";

/// The tokens of a request that arrived in several chunks.
struct Counted {
    /// The tokens of the first chunk.
    first: u64,
    /// The tokens of all later chunks.
    later: u64,
    /// The time from the first chunk to the last one, in seconds.
    took_s: f64,
    /// Whether each chunk after the first contains one token.
    one_by_one: bool,
}

impl Counted {
    /// Counts the tokens of a request by its marks; `Ok(None)` if it is not streamed, or has one token.
    ///
    /// # Errors
    /// The reason why they cannot be counted.
    fn of(seen: &Seen<'_>) -> Result<Option<Self>, &'static str> {
        let Some(arrivals) = arrivals(seen) else { return Ok(None) };
        let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else { return Ok(None) };
        let Some(tokens) = seen.value(OUTPUT_TOKENS).filter(|tokens| *tokens > 1.0) else { return Ok(None) };
        if arrivals.len() == 1 {
            return Err(AT_ONCE);
        }
        let outputs: u64 = arrivals.iter().map(|arrival| arrival.outputs).sum();
        let held: fn(&Arrival) -> Option<u64> = if arrivals.iter().all(|arrival| arrival.holds.is_some()) {
            |arrival| arrival.holds
        } else if (outputs as f64 - tokens).abs() <= UNACCOUNTED * (tokens - 1.0) {
            |arrival| Some(arrival.outputs)
        } else {
            return Err(UNKNOWN_CHUNKS);
        };
        let later = || arrivals[1..].iter().filter_map(held);
        let counted = Counted {
            first: held(first).unwrap_or_default(),
            later: later().sum(),
            took_s: since(first.at_ns, last.at_ns),
            one_by_one: later().all(|tokens| tokens == 1),
        };
        Ok((counted.later > 0).then_some(counted))
    }
}

/// Returns the reason why a streamed request of several tokens has no TPOT; `None` if there is no such reason.
pub(super) fn missing(seen: &Seen<'_>) -> Option<&'static str> {
    Counted::of(seen).err()
}

/// `(last output − first output) / tokens after those of the first chunk`.
fn tpot_s(seen: &Seen<'_>) -> Option<f64> {
    let counted = Counted::of(seen).ok()??;
    Some(counted.took_s / counted.later as f64)
}

/// Returns `input tokens / TTFT`; `None` if the first chunk has, or may have, several tokens, since TTFT then includes
/// the time of generating them.
fn prefill(seen: &Seen<'_>) -> Option<f64> {
    let several = seen.value(OUTPUT_TOKENS).is_some_and(|tokens| tokens > 1.0)
        && match Counted::of(seen) {
            Ok(counted) => counted.is_some_and(|counted| counted.first > 1),
            Err(_) => true,
        };
    if several { None } else { per_second(input_tokens(seen), first_output_s(seen)?) }
}

/// `1 / TPOT`.
fn decode(seen: &Seen<'_>) -> Option<f64> {
    per_second(Some(1.0), tpot_s(seen)?)
}

fn chunk_gaps<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = f64> + 'a {
    outputs(seen).into_iter().flat_map(gaps)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Text that was generated for one request.
///
/// ```
/// # use bench_load::domain::Generation;
/// let generation = Generation::new(120).input_tokens(640).reasoning_tokens(48).text("…");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    output_tokens: Option<u64>,
    input_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    characters: Option<u64>,
}

impl Generation {
    /// Creates a response of this many generated tokens, including tokens of reasoning. If there are none, the row
    /// gets a warning.
    pub fn new(output_tokens: u64) -> Self {
        Generation { output_tokens: Some(output_tokens), ..Generation::uncounted() }
    }

    /// Creates a response with an unknown number of tokens. It does not count in figures that need the number, and
    /// chunks are not counted instead.
    pub fn uncounted() -> Self {
        Generation { output_tokens: None, input_tokens: None, reasoning_tokens: None, characters: None }
    }

    /// Sets the number of tokens of the input, as the model counted them. The default is the number that the input
    /// is known to have ([`Facts::tokens`](super::Facts)).
    #[must_use]
    pub fn input_tokens(self, tokens: u64) -> Self {
        Generation { input_tokens: Some(tokens), ..self }
    }

    /// Sets how many of the generated tokens are reasoning. If they are more than all tokens, the row gets a
    /// warning.
    #[must_use]
    pub fn reasoning_tokens(self, tokens: u64) -> Self {
        Generation { reasoning_tokens: Some(tokens), ..self }
    }

    /// Sets the text, whose characters are counted.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        Generation { characters: Some(text.chars().count() as u64), ..self }
    }

    /// Sets the number of characters, for a text that was not kept.
    #[must_use]
    pub fn characters(self, characters: u64) -> Self {
        Generation { characters: Some(characters), ..self }
    }

    /// Fills in `COLUMNS`, and returns the irregularities.
    pub(super) fn tell_numbers(&self, answer: &mut Answer) -> Vec<String> {
        let mut warnings = Vec::new();
        answer.number_if(PROMPT_TOKENS, self.input_tokens.map(|tokens| tokens as f64));
        answer.number_if(REASONING_TOKENS, self.reasoning_tokens.map(|tokens| tokens as f64));
        answer.number_if(OUTPUT_TOKENS, self.output_tokens.map(|tokens| tokens as f64));
        answer.number_if(OUTPUT_CHARACTERS, self.characters.map(|characters| characters as f64));
        if self.output_tokens == Some(0) {
            warnings.push("no token".to_owned());
        }
        if let (Some(reasoning), Some(all)) = (self.reasoning_tokens, self.output_tokens)
            && reasoning > all
        {
            warnings.push(format!("{reasoning} tokens of reasoning of {all} in all"));
        }
        warnings
    }
}

impl Response for Generation {
    const DOMAIN: &'static Domain = &TEXT;

    fn tell(&self, answer: &mut Answer) {
        let warnings = self.tell_numbers(answer);
        answer.warn_all(&warnings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{Served, check, metrics};

    #[test]
    fn the_domain_holds_together() {
        check(&TEXT);
        let mut names = vec!["output tokens/s".to_owned(), "input tokens/s".to_owned()];
        for name in ["TTFT", "TTFO", "TPOT", "ITL", "ICL"] {
            names.extend(["p50", "p95", "p99"].map(|figure| format!("{name} {figure}")));
        }
        names.extend(["prefill tokens/s p50".to_owned(), "decode tokens/s p50".to_owned()]);
        assert_eq!(metrics(&TEXT), names);
    }

    #[test]
    fn tokens_are_summed() {
        let mut served = Served::with(Generation::new(120).reasoning_tokens(20).text("né"));
        assert_eq!((served.rate("output tokens/s"), served.rate("input tokens/s")), (Some(120.0), None));
        assert_eq!(served.column("reasoning_tokens"), Some(20.0));
        assert_eq!(served.column("output_characters"), Some(2.0));
        served.facts.tokens = Some(50);
        assert_eq!(served.rate("input tokens/s"), Some(50.0));
        let mut counted = Served::with(Generation::new(120).input_tokens(52));
        counted.facts.tokens = Some(50);
        assert_eq!(counted.rate("input tokens/s"), Some(52.0));
    }

    #[test]
    fn a_stream_is_told_by_its_marks() {
        // Sent at 1 s, chunks at 1.5, 1.75 and 2.5 s, end at 3 s; 5 tokens after 100 of input.
        let served = Served::with(Generation::new(5).input_tokens(100))
            .outputs_of(&[(1_500, 1), (1_750, 3), (2_500, 1)])
            .answered(1_750);
        assert_eq!((served.quantity("TTFT"), served.derived("ttft_s")), (vec![0.5], Some(0.5)));
        assert_eq!((served.quantity("TTFO"), served.derived("ttfo_s")), (vec![0.75], Some(0.75)));
        assert_eq!((served.quantity("TPOT"), served.derived("tpot_s")), (vec![0.25], Some(0.25)));
        assert_eq!(served.quantity("ICL"), [0.25, 0.75]);
        assert_eq!((served.derived("icl_mean_s"), served.derived("icl_max_s")), (Some(0.5), Some(0.75)));
        assert!(served.quantity("ITL").is_empty(), "3 chunks hold 5 tokens");
        assert_eq!(served.quantity("prefill tokens/s"), [200.0]);
        assert_eq!(served.quantity("decode tokens/s"), [4.0]);
    }

    #[test]
    fn a_gap_is_one_of_tokens_where_each_came_alone() {
        let served = Served::with(Generation::new(3)).outputs(&[1_500, 1_750, 2_500]);
        assert_eq!(served.quantity("ITL"), [0.25, 0.75]);
        assert_eq!(served.quantity("ICL"), [0.25, 0.75]);
    }

    #[test]
    fn tokens_that_came_at_once_have_no_time_between_them() {
        let one = Served::with(Generation::new(100).input_tokens(9)).outputs(&[2_999]);
        let together = Served::with(Generation::new(3).input_tokens(9)).outputs(&[2_999, 2_999, 2_999]);
        for served in [one, together] {
            for name in ["TPOT", "ITL", "ICL", "prefill tokens/s", "decode tokens/s"] {
                assert!(served.quantity(name).is_empty(), "{name}");
            }
            assert_eq!((served.derived("tpot_s"), served.missing()), (None, Some(AT_ONCE)));
            assert_eq!(served.quantity("TTFT"), [1.999]);
        }
        assert_eq!(Served::with(Generation::new(1)).outputs(&[1_500]).missing(), None);
        assert_eq!(Served::with(Generation::new(100)).missing(), None, "not streamed");
    }

    #[test]
    fn tokens_of_the_first_chunk_are_no_gaps() {
        // 50 tokens in the first chunk, and 50 more, one every 10 ms.
        let later = || (1..=50u64).map(|token| 1_500 + 10 * token);
        let each_marked: Vec<u64> = [1_500; 50].into_iter().chain(later()).collect();
        let chunks: Vec<(u64, u32)> = [(1_500, 50)].into_iter().chain(later().map(|at| (at, 1))).collect();
        let generation = || Generation::new(100).input_tokens(9);
        for served in
            [Served::with(generation()).outputs(&each_marked), Served::with(generation()).outputs_of(&chunks)]
        {
            assert!((served.quantity("TPOT")[0] - 0.01).abs() < 1e-12);
            assert_eq!(served.quantity("ITL").len(), 50);
            assert!(served.quantity("prefill tokens/s").is_empty(), "50 tokens were generated too");
            assert_eq!(served.missing(), None);
        }
        let unknown: Vec<u64> = [1_500].into_iter().chain(later()).collect();
        let served = Served::with(generation()).outputs(&unknown);
        assert!(served.quantity("TPOT").is_empty() && served.quantity("ITL").is_empty());
        assert_eq!((served.missing(), served.quantity("ICL").len()), (Some(UNKNOWN_CHUNKS), 50));
        // One token that ends the text and is not shown does not matter among many.
        let served = Served::with(Generation::new(52)).outputs(&unknown);
        assert!((served.quantity("TPOT")[0] - 0.01).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_streamed_has_no_figure_of_a_stream() {
        let served = Served::with(Generation::new(4).input_tokens(100));
        for quantity in QUANTITIES {
            assert!(served.quantity(quantity.name).is_empty(), "{}", quantity.name);
        }
        for derived in DERIVED {
            assert_eq!(served.derived(derived.column), None, "{}", derived.column);
        }
    }

    #[test]
    fn one_token_has_no_time_per_further_token() {
        for tokens in [0, 1] {
            let served = Served::with(Generation::new(tokens)).outputs(&[1_500]);
            assert!(served.quantity("TPOT").is_empty() && served.quantity("decode tokens/s").is_empty());
            assert!(served.quantity("ICL").is_empty() && served.derived("icl_mean_s").is_none());
            assert_eq!(served.quantity("TTFT"), [0.5]);
        }
    }

    #[test]
    fn nothing_is_divided_by_no_time() {
        let at_once =
            Served::with(Generation::new(4).input_tokens(9)).between(1_000, 1_000).outputs(&[1_000]);
        assert_eq!((at_once.quantity("TTFT"), at_once.quantity("TPOT")), (vec![0.0], vec![]));
        assert!(at_once.quantity("prefill tokens/s").is_empty());
        assert!(at_once.quantity("decode tokens/s").is_empty());
    }

    #[test]
    fn marks_outside_the_request_make_no_figure() {
        for outputs in [[900, 2_000], [2_000, 3_001]] {
            let served = Served::with(Generation::new(2).input_tokens(9)).outputs(&outputs);
            for quantity in QUANTITIES {
                assert!(served.quantity(quantity.name).is_empty(), "{} {outputs:?}", quantity.name);
            }
        }
        for at in [900, 3_001] {
            assert!(Served::with(Generation::new(2)).answered(at).quantity("TTFO").is_empty(), "{at}");
        }
    }

    #[test]
    fn what_is_odd_is_a_warning() {
        let warning = |generation| Served::with(generation).answer.warning;
        assert_eq!(warning(Generation::new(5).reasoning_tokens(5)), None);
        assert_eq!(warning(Generation::new(0)).as_deref(), Some("no token"));
        let odd = Generation::new(5).reasoning_tokens(6);
        assert_eq!(warning(odd).as_deref(), Some("6 tokens of reasoning of 5 in all"));
    }
}
