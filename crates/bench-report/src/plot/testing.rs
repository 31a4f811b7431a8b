//! Checks that a picture is well-formed, for tests.
#![allow(clippy::expect_used)]

/// Panics if tags do not balance, a character is forbidden, or a coordinate is not finite.
pub fn check_well_formed(svg: &str) {
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "a control character in {svg}");
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        check_text(&rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag that ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a tag in a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for value in tag.split('"').skip(1).step_by(2) {
            check_text(value);
        }
        for (name, value) in tag.split(' ').filter_map(|part| part.split_once('=')) {
            let geometric = ["x", "y", "d", "r", "cx", "cy", "width", "height"].contains(&name);
            assert!(!(geometric && (value.contains("NaN") || value.contains("inf"))), "{tag}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().expect("a name"));
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(rest.trim(), "");
    assert!(open.is_empty(), "{open:?} left open");
}

fn check_text(text: &str) {
    for part in text.split('&').skip(1) {
        assert!(
            ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| part.starts_with(entity)),
            "{text}"
        );
    }
}
