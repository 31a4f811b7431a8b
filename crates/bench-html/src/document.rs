//! The HTML around the data.

use crate::policy;

/// The style sheet. Its colours are those of Okabe and Ito, which colour-blind people can distinguish. The system or
/// the reader chooses the dark ones.
const STYLE: &str = concat!(
    include_str!("../assets/uplot/uPlot.min.css"),
    "\n:root {\n",
    include_str!("../assets/light.css"),
    "}\n@media (prefers-color-scheme: dark) {\n:root:not([data-theme=\"light\"]) {\n",
    include_str!("../assets/dark.css"),
    "}\n}\n:root[data-theme=\"dark\"] {\n",
    include_str!("../assets/dark.css"),
    "}\n",
    include_str!("../assets/style.css")
);

/// uPlot, with the licence that every copy of it must carry.
const UPLOT: &str = concat!(
    "/*\n",
    include_str!("../assets/uplot/LICENSE"),
    "\n*/\n",
    include_str!("../assets/uplot/uPlot.iife.min.js")
);

/// Our own scripts, in one function, so that their names collide with no others.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../assets/script/dom.js"),
    include_str!("../assets/script/format.js"),
    include_str!("../assets/script/metric.js"),
    include_str!("../assets/script/ids.js"),
    include_str!("../assets/script/events.js"),
    include_str!("../assets/script/history.js"),
    include_str!("../assets/script/state.js"),
    include_str!("../assets/script/theme.js"),
    include_str!("../assets/script/filter.js"),
    include_str!("../assets/script/links.js"),
    include_str!("../assets/script/commands.js"),
    include_str!("../assets/script/export.js"),
    include_str!("../assets/script/sparkline.js"),
    include_str!("../assets/script/table.js"),
    include_str!("../assets/script/heat-colours.js"),
    include_str!("../assets/script/heat-rows.js"),
    include_str!("../assets/script/heat-map.js"),
    include_str!("../assets/script/heat-cursor.js"),
    include_str!("../assets/script/heat.js"),
    include_str!("../assets/script/change-card.js"),
    include_str!("../assets/script/change-figures.js"),
    include_str!("../assets/script/changes.js"),
    include_str!("../assets/script/grid.js"),
    include_str!("../assets/script/chart.js"),
    include_str!("../assets/script/line.js"),
    include_str!("../assets/script/line-chart.js"),
    include_str!("../assets/script/line-together.js"),
    include_str!("../assets/script/line-tables.js"),
    include_str!("../assets/script/comparison.js"),
    include_str!("../assets/script/warnings.js"),
    include_str!("../assets/script/precision.js"),
    include_str!("../assets/script/histogram.js"),
    include_str!("../assets/script/run-past.js"),
    include_str!("../assets/script/run-more.js"),
    include_str!("../assets/script/run-table.js"),
    include_str!("../assets/script/run.js"),
    include_str!("../assets/script/load-chart.js"),
    include_str!("../assets/script/load-trade.js"),
    include_str!("../assets/script/load-table.js"),
    include_str!("../assets/script/load.js"),
    include_str!("../assets/script/environment.js"),
    include_str!("../assets/script/live.js"),
    include_str!("../assets/script/keyboard.js"),
    include_str!("../assets/script/page.js"),
    "})();\n"
);

/// Returns the whole document; `json` must be [`escaped`]. Only a `served` document may send requests to its server.
pub(crate) fn html(json: &str, served: bool) -> String {
    let policy = policy::policy(STYLE, &[UPLOT, SCRIPT], served);
    [
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        &policy,
        "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
        // Without this, browsers request an icon from the server.
        "<link rel=\"icon\" href=\"data:,\">\n",
        "<title>Benchmarks</title>\n<style>",
        STYLE,
        "</style>\n</head>\n<body>\n<noscript>This page draws its figures with JavaScript, which is turned off here.</noscript>\n",
        "<script type=\"application/json\" id=\"data\">",
        json,
        "</script>\n<script>",
        UPLOT,
        "</script>\n<script>",
        SCRIPT,
        "</script>\n</body>\n</html>\n",
    ]
    .concat()
}

/// Escapes JSON, so that it contains no character that has a meaning in HTML, or that older JavaScript treats as the
/// end of a line. All of these characters are within strings, where an escape has the same meaning.
pub(crate) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 64);
    let mut rest = json;
    while let Some(place) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        let mut characters = from.chars();
        text.push_str(match characters.next() {
            Some('<') => "\\u003c",
            Some('>') => "\\u003e",
            Some('&') => "\\u0026",
            Some('\u{2028}') => "\\u2028",
            _ => "\\u2029",
        });
        rest = characters.as_str();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_data_means_anything_to_html() {
        let hostile = "</script><script>alert(1)</script><!-- & \u{2028}\u{2029} ]]> é \u{1f600} \\ \" '";
        let json = serde_json::to_string(hostile).expect("JSON");
        let safe = escaped(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), hostile);
        assert_eq!(escaped("{\"a\":[1,2]}"), "{\"a\":[1,2]}");
    }

    #[test]
    fn no_part_ends_its_own_element() {
        for part in [UPLOT, SCRIPT] {
            let lower = part.to_lowercase();
            assert!(!lower.contains("</script") && !lower.contains("<!--"));
        }
        assert!(!STYLE.to_lowercase().contains("</style"));
    }

    #[test]
    fn no_script_reads_text_as_html_or_as_code() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!SCRIPT.contains(way), "{way}");
        }
    }

    #[test]
    fn nothing_is_asked_of_the_network() {
        let page = html("{}", false);
        for way in [" src=", "@import", "url(", "href=\"http"] {
            assert!(!page.contains(way), "{way}");
        }
    }
}
