//! Properties of a type that the macro needs.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Lifetime, PathArguments, Type};

/// Whether `wanted` is true for one of the type's identifiers, keywords included.
pub(crate) fn mentions(ty: &Type, wanted: impl Fn(&Ident) -> bool + Copy) -> bool {
    fn any(tokens: TokenStream, wanted: impl Fn(&Ident) -> bool + Copy) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => wanted(&ident),
            TokenTree::Group(group) => any(group.stream(), wanted),
            _ => false,
        })
    }
    any(ty.to_token_stream(), wanted)
}

/// Returns `span` for generated code: errors point there, but lints know that the code is generated.
pub(crate) fn generated_at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Returns the type as a constant has to spell it: `&str` becomes `&'static str`.
///
/// Function pointers and trait objects are left as they are: a lifetime elided in `fn(&str)` is the
/// caller's choice, not `'static`.
pub(crate) fn with_static_lifetimes(mut ty: Type) -> Type {
    make_static(&mut ty);
    ty
}

fn make_static(ty: &mut Type) {
    match ty {
        Type::Array(array) => make_static(&mut array.elem),
        Type::Group(group) => make_static(&mut group.elem),
        Type::Paren(paren) => make_static(&mut paren.elem),
        Type::Ptr(pointer) => make_static(&mut pointer.elem),
        Type::Slice(slice) => make_static(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(make_static),
        Type::Reference(reference) => {
            let span = reference.and_token.span;
            match &mut reference.lifetime {
                Some(lifetime) if lifetime.ident != "_" => {}
                lifetime => *lifetime = Some(Lifetime::new("'static", span)),
            }
            make_static(&mut reference.elem);
        }
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
                for argument in &mut arguments.args {
                    match argument {
                        GenericArgument::Type(ty) => make_static(ty),
                        GenericArgument::Lifetime(lifetime) if lifetime.ident == "_" => {
                            *lifetime = Lifetime::new("'static", lifetime.span());
                        }
                        _ => {}
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::parse_quote;

    #[test]
    fn elided_lifetimes_become_static() {
        let as_static = |ty: Type| with_static_lifetimes(ty).to_token_stream().to_string();
        assert_eq!(as_static(parse_quote!(&str)), quote!(&'static str).to_string());
        assert_eq!(as_static(parse_quote!(&'_ [&u8])), quote!(&'static [&'static u8]).to_string());
        assert_eq!(
            as_static(parse_quote!(Option<(&u8, [&u8; 2])>)),
            quote!(Option<(&'static u8, [&'static u8; 2])>).to_string()
        );
        assert_eq!(as_static(parse_quote!(Cow<'_, str>)), quote!(Cow<'static, str>).to_string());
        assert_eq!(as_static(parse_quote!(fn(&u8) -> &u8)), quote!(fn(&u8) -> &u8).to_string());
        assert_eq!(as_static(parse_quote!(&'static u8)), quote!(&'static u8).to_string());
    }

    #[test]
    fn identifiers_are_found_at_any_depth() {
        assert!(mentions(&parse_quote!(Vec<[T; 2]>), |ident| ident == "T"));
        assert!(!mentions(&parse_quote!(Vec<Tensor>), |ident| ident == "T"));
    }
}
