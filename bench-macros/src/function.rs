//! The form of the annotated function: the arguments that the harness passes, and the forms that are not allowed.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, Error, FnArg, GenericParam, Generics, Pat, PatType, Result, Safety, Signature, Token, Type,
    Visibility,
};

use crate::diagnostics::Diagnostics;
use crate::ty;

/// A function that can be a benchmark.
pub(crate) struct Function {
    /// The attributes below `#[benchmark]`.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) asyncness: Option<Token![async]>,
    pub(crate) form: Form,
    /// The parameters without the leading `&mut Bencher`.
    pub(crate) parameters: Vec<Parameter>,
    /// The type parameters.
    pub(crate) generics: Vec<Ident>,
}

/// The form of a benchmark: whether the harness or the function calls the measured closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The harness calls it: the whole body is measured.
    Plain,
    /// The function calls it, through its `&mut Bencher`.
    Driven,
}

/// A parameter that takes its values from `args`.
pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Function {
    /// Parses the item below the attribute.
    ///
    /// # Errors
    /// All reasons why it cannot be a benchmark, each at its place.
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        let (attributes, signature) = declaration.parse2(item)?;
        let mut diagnostics = Diagnostics::default();
        refuse_attributes(&attributes, &mut diagnostics);
        refuse_qualifiers(&signature, &mut diagnostics);
        let generics = type_parameters(&signature.generics, &mut diagnostics);
        let mut form = Form::Plain;
        let mut parameters = Vec::new();
        for (at, input) in signature.inputs.iter().enumerate() {
            match input {
                FnArg::Receiver(receiver) => diagnostics.push(Error::new_spanned(
                    receiver,
                    "a benchmark is a free function and takes no `self`: build the value inside it, or in a separate function that calls the method",
                )),
                FnArg::Typed(typed) if bencher(&typed.ty).is_some() => {
                    if diagnostics.keep(check_bencher(&typed.ty, at)).is_some() {
                        form = Form::Driven;
                    }
                }
                FnArg::Typed(typed) => parameters.extend(diagnostics.keep(parameter(typed, &generics))),
            }
        }
        diagnostics.finish(Function {
            attributes,
            ident: signature.ident,
            asyncness: signature.asyncness,
            form,
            parameters,
            generics,
        })
    }
}

/// Parses the item up to its body, and skips the body.
pub(crate) fn declaration(input: ParseStream<'_>) -> Result<(Vec<Attribute>, Signature)> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let start = input.span();
    let signature = input.parse::<Signature>().map_err(|_| {
        Error::new(
            start,
            "`#[benchmark]` goes on a free function, as in `#[benchmark] fn softmax() -> Tensor { … }`",
        )
    })?;
    if input.peek(Token![;]) {
        let message = "a benchmark needs a body: `#[benchmark]` goes on a free function, \
                       not on one of a trait or of an `extern` block";
        return Err(Error::new_spanned(signature.fn_token, message));
    }
    input.parse::<TokenStream>()?;
    Ok((attributes, signature))
}

/// Reports attributes with which a function cannot be a benchmark.
fn refuse_attributes(attributes: &[Attribute], diagnostics: &mut Diagnostics) {
    for attribute in attributes {
        let path = attribute.path();
        let last = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let message = match (last.as_str(), path.segments.len()) {
            ("target_feature", 1) => {
                "a benchmark is called by the harness, which does not know whether the processor has this feature: \
                 put the attribute on a separate function, and call it here, in an `unsafe` block, once \
                 `is_x86_feature_detected!` has returned true (else return `Err(Error::skip(\"no AVX2\"))`)"
            }
            ("test" | "bench", 1) => {
                "a benchmark is not a test, and `cargo test --benches` runs each benchmark once as it is: leave this out"
            }
            ("main" | "test", _) => {
                "an `async` benchmark runs on its own runtime: leave this out, and keep the `async fn`"
            }
            _ => continue,
        };
        diagnostics.push(Error::new_spanned(attribute, message));
    }
}

fn refuse_qualifiers(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Safety::Unsafe(token) = &signature.safety {
        diagnostics.push(Error::new_spanned(
            token,
            "a benchmark is called by the harness, which cannot promise what an `unsafe fn` asks for: \
             make it safe, with an `unsafe` block inside",
        ));
    }
    if let Some(abi) = &signature.abi {
        diagnostics.push(Error::new_spanned(
            abi,
            "a benchmark has Rust's own calling convention: leave this out, and call the foreign function inside",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.push(Error::new_spanned(
            variadic,
            "a benchmark cannot be variadic: give it one parameter for each entry of `args(…)`",
        ));
    }
}

fn type_parameters(generics: &Generics, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    let mut types = Vec::new();
    for parameter in &generics.params {
        match parameter {
            GenericParam::Type(parameter) => types.push(parameter.ident.clone()),
            GenericParam::Lifetime(parameter) => diagnostics.push(Error::new_spanned(
                parameter,
                "a benchmark cannot be generic over a lifetime: leave it out, or write `'static`, \
                 since every argument is a constant",
            )),
            GenericParam::Const(parameter) => diagnostics.push(Error::new_spanned(
                parameter,
                format!(
                    "a benchmark cannot be generic over a constant: make `{name}` an argument with \
                     `args({lower} = […])`, or write one benchmark for each value",
                    name = parameter.ident,
                    lower = parameter.ident.to_string().to_lowercase(),
                ),
            )),
        }
    }
    types
}

/// Returns the path of a type that is a `Bencher`, by value or behind references; `None` for any other type.
fn bencher(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Path(path) => (path.path.segments.last()?.ident == "Bencher").then_some(ty),
        Type::Reference(reference) => bencher(&reference.elem),
        Type::Group(group) => bencher(&group.elem),
        Type::Paren(paren) => bencher(&paren.elem),
        _ => None,
    }
}

fn check_bencher(ty: &Type, at: usize) -> Result<()> {
    let wrong = |message| Err(Error::new_spanned(ty, message));
    match ty {
        Type::Group(group) => check_bencher(&group.elem, at),
        Type::Paren(paren) => check_bencher(&paren.elem, at),
        Type::Reference(reference) if reference.mutability.is_none() => {
            wrong("measuring changes the bencher: take it as `&mut Bencher`")
        }
        Type::Reference(_) if at > 0 => wrong("the bencher is the first parameter: move it to the front"),
        Type::Reference(_) => Ok(()),
        _ => wrong("the bencher belongs to the harness: take it as `&mut Bencher`"),
    }
}

fn parameter(typed: &PatType, generics: &[Ident]) -> Result<Parameter> {
    match (parameter_name(&typed.pat), check_type(&typed.ty, generics)) {
        (Ok(ident), Ok(())) => Ok(Parameter { ident, ty: (*typed.ty).clone() }),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            Err(error)
        }
    }
}

fn parameter_name(pattern: &Pat) -> Result<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Ok(name.ident.clone()),
        _ => Err(Error::new_spanned(
            pattern,
            "an argument needs a plain name that `args(name = […])` can give values to: \
             take the value apart inside the function",
        )),
    }
}

fn check_type(ty: &Type, generics: &[Ident]) -> Result<()> {
    if ty::mentions(ty, |ident| ident == "impl") {
        return Err(Error::new_spanned(
            ty,
            "an argument of a benchmark has one type: name it, or make it a type parameter with `types(T = […])`",
        ));
    }
    if let Some(generic) = generics.iter().find(|generic| ty::mentions(ty, |ident| ident == *generic)) {
        return Err(Error::new_spanned(
            ty,
            format!(
                "value arguments cannot depend on the type parameter `{generic}`, since the list of values is one \
                 constant: make the value inside the function, from an argument of a fixed type"
            ),
        ));
    }
    match ty {
        Type::Reference(reference) if reference.mutability.is_some() => Err(Error::new_spanned(
            ty,
            "an argument is a constant and cannot be changed: take it by value, or make a copy inside",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(item: &str) -> Result<Function> {
        Function::parse(item.parse()?)
    }

    fn errors(item: &str) -> Vec<String> {
        parse(item).err().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    fn names(function: &Function) -> Vec<String> {
        function.parameters.iter().map(|parameter| parameter.ident.to_string()).collect()
    }

    #[test]
    fn a_plain_function_is_measured_whole() -> Result<()> {
        let function = parse("#[inline(never)] pub const fn hash(mut len: usize, text: &str) -> u64 { 0 }")?;
        assert_eq!(function.form, Form::Plain);
        assert_eq!(names(&function), ["len", "text"]);
        assert_eq!(function.attributes.len(), 1);
        assert!(function.asyncness.is_none());
        Ok(())
    }

    #[test]
    fn a_bencher_in_front_drives() -> Result<()> {
        for item in [
            "fn f(b: &mut Bencher, n: usize) {}",
            "fn f(_: &mut bench_core::Bencher, n: usize) {}",
            "async fn f(b: &'_ mut Bencher, n: usize) {}",
        ] {
            let function = parse(item)?;
            assert_eq!(function.form, Form::Driven, "{item}");
            assert_eq!(names(&function), ["n"], "{item}");
        }
        Ok(())
    }

    #[test]
    fn type_parameters_are_found() -> Result<()> {
        let function = parse("async fn f<T: Default, U>() where U: Copy {}")?;
        assert_eq!(function.generics, ["T", "U"]);
        assert!(function.asyncness.is_some());
        Ok(())
    }

    #[test]
    fn other_types_named_like_a_bencher_are_arguments() -> Result<()> {
        let function = parse("fn f(b: BencherKind, c: Option<Bencher>) {}")?;
        assert_eq!((function.form, names(&function).len()), (Form::Plain, 2));
        Ok(())
    }

    #[test]
    fn each_misuse_is_named_once() {
        for (item, message) in [
            ("struct S;", "goes on a free function"),
            ("const X: u8 = 1;", "goes on a free function"),
            ("fn f();", "needs a body"),
            ("fn f(&self) {}", "takes no `self`"),
            ("unsafe fn f() {}", "`unsafe` block inside"),
            ("extern \"C\" fn f() {}", "calling convention"),
            ("fn f(rest: ...) {}", "cannot be variadic"),
            ("fn f(b: &Bencher) {}", "take it as `&mut Bencher`"),
            ("fn f(b: Bencher) {}", "take it as `&mut Bencher`"),
            ("fn f(b: &&mut Bencher) {}", "take it as `&mut Bencher`"),
            ("fn f(n: usize, b: &mut Bencher) {}", "move it to the front"),
            ("fn f(a: &mut Bencher, b: &mut Bencher) {}", "move it to the front"),
            ("fn f((a, b): (u8, u8)) {}", "plain name"),
            ("fn f(_: u8) {}", "plain name"),
            ("fn f(ref a: u8) {}", "plain name"),
            ("fn f(a: impl Copy) {}", "has one type"),
            ("fn f(a: &mut [u8]) {}", "cannot be changed"),
            ("fn f<T>(a: Vec<T>) {}", "type parameter `T`"),
            ("fn f<'a>() {}", "generic over a lifetime"),
            ("fn f<const N: usize>() {}", "args(n = […])"),
        ] {
            let errors = errors(item);
            assert_eq!(errors.len(), 1, "{item}: {errors:?}");
            assert!(errors[0].contains(message), "{item}: {errors:?}");
        }
    }

    #[test]
    fn all_misuses_are_reported_together() {
        let errors = errors("unsafe extern \"C\" fn f<'a>(&self, b: Bencher, _: u8) {}");
        assert_eq!(errors.len(), 6, "{errors:?}");
    }
}
