//! The values of each parameter of the function: the attribute's lists matched with the function's parameters.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Lit, Result, Token, Type};

use crate::attribute::{Argument, Attribute, Ignore, Listed, Types};
use crate::diagnostics::Diagnostics;
use crate::function::{Function, Parameter};
use crate::ty::with_static_lifetimes;
use crate::written::written;
use bench_syntax::nearest;

/// The arguments of a benchmark, in the order of the attribute.
pub(crate) struct Arguments {
    pub(crate) types: Vec<TypeAxis>,
    pub(crate) values: Vec<ValueAxis>,
    /// The values and types that `ignore(…)` lists.
    pub(crate) ignored: Vec<Ignored>,
}

/// A type parameter and the types it takes.
pub(crate) struct TypeAxis {
    pub(crate) ident: Ident,
    pub(crate) types: Vec<Type>,
}

/// A value parameter and the values it takes.
pub(crate) struct ValueAxis {
    pub(crate) ident: Ident,
    /// The type of its constant.
    pub(crate) ty: Type,
    pub(crate) values: Values,
}

/// The values of an argument.
pub(crate) enum Values {
    /// Written in the attribute, one by one.
    List(Vec<Expr>),
    /// A constant array or slice defined elsewhere.
    Constant(Box<Expr>),
}

/// An entry of `ignore(…)`.
pub(crate) enum Ignored {
    Types(TypeAxis),
    Values(Box<ValueAxis>),
}

impl Arguments {
    /// Gives each parameter its values.
    ///
    /// # Errors
    /// A parameter without values, values without a parameter, and lists that are empty or contain an entry twice.
    pub(crate) fn matched(attribute: &Attribute, function: &Function) -> Result<Self> {
        let mut diagnostics = Diagnostics::default();
        let types = type_axes(&attribute.types, &function.generics, &mut diagnostics);
        let values = value_axes(&attribute.args, &function.parameters, &mut diagnostics);
        let ignored = match &attribute.ignore {
            Ignore::When(ignored) => ignored
                .iter()
                .filter_map(|entry| diagnostics.keep(ignored_axis(entry, &types, &values)))
                .collect(),
            Ignore::No | Ignore::Always(_) => Vec::new(),
        };
        diagnostics.finish(Arguments { types, values, ignored })
    }
}

impl ValueAxis {
    /// Returns the name in case ids.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

impl TypeAxis {
    /// Returns the name in case ids.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

fn type_axes(types: &Types, generics: &[Ident], diagnostics: &mut Diagnostics) -> Vec<TypeAxis> {
    let axes: Vec<TypeAxis> = match (types, generics) {
        (Types::None, _) => Vec::new(),
        (Types::Positional(types), [generic]) => {
            vec![TypeAxis { ident: generic.clone(), types: types.clone() }]
        }
        (Types::Positional(types), []) => {
            diagnostics.push(Error::new(
                first(types),
                "the function has no type parameter: leave `types` out, or write `fn name<T>()`",
            ));
            Vec::new()
        }
        (Types::Positional(types), [one, ..]) => {
            diagnostics.push(Error::new(
                first(types),
                format!("the function has more than one type parameter: name each, as in `types({one} = [f32, f64])`"),
            ));
            // That they have no values follows from this error, and is not reported again.
            return Vec::new();
        }
        (Types::Named(lists), _) => lists
            .iter()
            .filter_map(|Argument { name, value }| {
                if !generics.contains(name) {
                    diagnostics.push(unknown("type parameter", name, generics.iter()));
                    return None;
                }
                Some(TypeAxis { ident: name.clone(), types: value.clone() })
            })
            .collect(),
    };
    let given: Vec<&Ident> = match types {
        Types::Named(lists) => lists.iter().map(|list| &list.name).collect(),
        Types::Positional(_) | Types::None => axes.iter().map(|axis| &axis.ident).collect(),
    };
    for generic in without_values(generics.iter(), &given) {
        diagnostics.push(Error::new(
            generic.span(),
            format!("the type parameter `{generic}` has no types: add `types({generic} = [f32, f64])` to `#[benchmark]`"),
        ));
    }
    for axis in &axes {
        diagnostics.keep(distinct(&axis.types));
    }
    axes
}

fn value_axes(
    args: &[Argument<Expr>],
    parameters: &[Parameter],
    diagnostics: &mut Diagnostics,
) -> Vec<ValueAxis> {
    let mut axes = Vec::new();
    for Argument { name, value } in args {
        let Some(parameter) = parameters.iter().find(|parameter| parameter.ident == *name) else {
            diagnostics.push(unknown("parameter", name, parameters.iter().map(|parameter| &parameter.ident)));
            continue;
        };
        if let Some(values) = diagnostics.keep(values(name, value)) {
            axes.push(ValueAxis {
                ident: name.clone(),
                ty: with_static_lifetimes(parameter.ty.clone()),
                values,
            });
        }
    }
    let given: Vec<&Ident> = args.iter().map(|arg| &arg.name).collect();
    for ident in without_values(parameters.iter().map(|parameter| &parameter.ident), &given) {
        diagnostics.push(Error::new(
            ident.span(),
            format!("the parameter `{ident}` has no values: add `args({ident} = […])` to `#[benchmark]`"),
        ));
    }
    axes
}

/// Returns the names in `wanted` that are not `given`. Returns none if a given name is not in `wanted`: it is then
/// probably a missing name, mistyped, and has been reported.
fn without_values<'a>(wanted: impl Iterator<Item = &'a Ident>, given: &[&Ident]) -> Vec<&'a Ident> {
    let wanted: Vec<&Ident> = wanted.collect();
    if given.iter().any(|name| !wanted.contains(name)) {
        return Vec::new();
    }
    wanted.into_iter().filter(|name| !given.contains(name)).collect()
}

fn values(name: &Ident, value: &Expr) -> Result<Values> {
    match value {
        Expr::Group(group) => values(name, &group.expr),
        Expr::Paren(paren) => values(name, &paren.expr),
        Expr::Array(array) if array.elems.is_empty() => Err(Error::new_spanned(
            array,
            format!("`{name}` needs at least one value: without any there is no case"),
        )),
        Expr::Array(array) => {
            let elements: Vec<Expr> = array.elems.iter().cloned().collect();
            distinct(&elements)?;
            Ok(Values::List(elements))
        }
        // A byte string is an array.
        Expr::Lit(literal) if !matches!(literal.lit, Lit::ByteStr(_)) => Err(Error::new_spanned(
            value,
            format!(
                "`{name}` needs a list of values, and this is a single one: write `{name} = [{}]`",
                text(value)
            ),
        )),
        Expr::Range(_) => Err(Error::new_spanned(
            value,
            format!("`{name}` needs a list of values, not a range: write `{name} = [1, 8, 32]`"),
        )),
        other => Ok(Values::Constant(Box::new(other.clone()))),
    }
}

fn ignored_axis(entry: &Argument<Listed>, types: &[TypeAxis], values: &[ValueAxis]) -> Result<Ignored> {
    let Argument { name, value } = entry;
    if let Some(axis) = types.iter().find(|axis| axis.ident == *name) {
        let listed = match value {
            Listed::Brackets(list) => separated::<Type>(list)?,
            Listed::Constant(constant) => {
                let message = format!("`{name}` needs a list of types in brackets, as in `{name} = [f32]`");
                return Err(Error::new_spanned(constant, message));
            }
        };
        let known: Vec<String> = axis.types.iter().map(text).collect();
        return match listed.iter().find(|ty| !known.contains(&text(ty))) {
            Some(wrong) => {
                let list = nearest::list(known.iter().map(String::as_str));
                Err(Error::new_spanned(
                    wrong,
                    format!("`{name}` is never this type: `types` gives it {list}"),
                ))
            }
            None => Ok(Ignored::Types(TypeAxis { ident: name.clone(), types: listed })),
        };
    }
    match values.iter().find(|axis| axis.ident == *name) {
        // Whether the argument ever has these values is known only at run time, once they are computed.
        Some(axis) => Ok(Ignored::Values(Box::new(ValueAxis {
            ident: name.clone(),
            ty: axis.ty.clone(),
            values: match value {
                Listed::Brackets(list) => Values::List(separated::<Expr>(list)?),
                Listed::Constant(constant) => self::values(name, constant)?,
            },
        }))),
        None => {
            let all = types.iter().map(|axis| &axis.ident).chain(values.iter().map(|axis| &axis.ident));
            Err(unknown("argument", name, all))
        }
    }
}

fn separated<T: Parse + ToTokens>(list: &TokenStream) -> Result<Vec<T>> {
    let entries: Vec<T> =
        Punctuated::<T, Token![,]>::parse_terminated.parse2(list.clone())?.into_iter().collect();
    distinct(&entries)?;
    Ok(entries)
}

/// Returns the error, at the name, that the function has no parameter `name`.
fn unknown<'a>(what: &str, name: &Ident, names: impl Iterator<Item = &'a Ident>) -> Error {
    let names: Vec<String> = names.map(ToString::to_string).collect();
    let question = nearest::question(&name.to_string(), names.iter().map(String::as_str));
    let list = nearest::list(names.iter().map(String::as_str));
    Error::new(name.span(), format!("the function has no {what} `{name}`{question}\n{what}s here: {list}"))
}

/// Checks that no entry is listed twice: two cases would have the same id. Only entries with the same tokens are found
/// here; `8` and `4 + 4` are compared when the cases are collected.
///
/// # Errors
/// At each repeated entry.
fn distinct(entries: &[impl ToTokens]) -> Result<()> {
    let mut diagnostics = Diagnostics::default();
    let mut seen = HashSet::new();
    for entry in entries {
        let text = text(entry);
        if seen.contains(&text) {
            diagnostics
                .push(Error::new_spanned(entry, format!("`{text}` is listed twice: keep one of them")));
        }
        seen.insert(text);
    }
    diagnostics.finish(())
}

fn text(tokens: &impl ToTokens) -> String {
    written(tokens.to_token_stream())
}

fn first(types: &[Type]) -> Span {
    types.first().map_or_else(Span::call_site, Spanned::span)
}
