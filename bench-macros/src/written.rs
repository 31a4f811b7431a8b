//! Tokens as they were written, without the whitespace between them: the last resort for the text of a value in case
//! ids, and the only form for types.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns the text of `tokens` without whitespace; whitespace inside a literal stays.
pub(crate) fn written(tokens: TokenStream) -> String {
    let mut text = String::new();
    append(tokens, &mut text);
    text
}

fn append(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                // `macro_rules` puts an invisible group around `$value:expr`.
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                append(group.stream(), text);
                text.push_str(close);
            }
            other => text.push_str(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Group;
    use quote::quote;

    #[test]
    fn whitespace_goes_but_not_inside_literals() {
        assert_eq!(written(quote!(DType::F32)), "DType::F32");
        assert_eq!(written(quote!(Vec<Option<u8>>)), "Vec<Option<u8>>");
        let from_macro_rules = Group::new(Delimiter::None, quote!(a + b));
        assert_eq!(written(quote!(f(#from_macro_rules, c))), "f(a+b,c)");
        assert_eq!(written(quote!(Some("a b") + [1, 2])), "Some(\"a b\")+[1,2]");
    }
}
