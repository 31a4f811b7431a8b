//! The functions that are generated from a generic benchmark.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Error, Expr, GenericParam, Result, Signature, Type};

use super::options::Options;

/// The most constants in a list whose length the macro cannot see: each needs its own function.
const MOST_CONSTANTS: usize = 20;

/// A function with its generic arguments.
pub(super) struct Instance {
    /// The path to call: the function's name, with its generic arguments.
    pub(super) path: TokenStream,
    /// The `Generic` that names it.
    pub(super) generic: TokenStream,
    /// The condition under which the constant exists; `None` if it always does, or if there is no constant.
    pub(super) condition: Option<TokenStream>,
}

/// All instances of a function, and the list of constants that they refer to.
pub(super) struct Instances {
    pub(super) definitions: TokenStream,
    pub(super) list: Vec<Instance>,
}

impl Instances {
    /// Returns the functions that `types` and `consts` ask for; the function itself if neither is given.
    ///
    /// # Errors
    /// If the function has no parameter for one of them.
    pub(super) fn of(signature: &Signature, options: &Options) -> Result<Self> {
        let position =
            |is_wanted: fn(&GenericParam) -> bool| signature.generics.params.iter().position(is_wanted);
        let type_at = position(|parameter| matches!(parameter, GenericParam::Type(_)));
        let const_at = position(|parameter| matches!(parameter, GenericParam::Const(_)));
        if let (Some(types), None) = (&options.types, type_at) {
            return Err(missing(signature, "types", "a type parameter", types.first()));
        }
        let constant_type = signature.generics.const_params().next().map(|parameter| &parameter.ty);
        let (definitions, constants) = match (&options.consts, constant_type) {
            (None, _) => (TokenStream::new(), vec![None]),
            (Some(consts), None) => {
                return Err(missing(signature, "consts", "a constant parameter", Some(consts)));
            }
            (Some(consts), Some(ty)) => constants(consts, ty),
        };
        let types: Vec<Option<&Type>> = match &options.types {
            None => vec![None],
            Some(types) => types.iter().map(Some).collect(),
        };
        let is_type_first = type_at < const_at;
        let private = options.private();
        let ident = &signature.ident;
        let mut list = Vec::new();
        for ty in types {
            for constant in &constants {
                let value = constant.as_ref().map(|constant| {
                    let value = &constant.value;
                    quote!({ #value })
                });
                let mut arguments: Vec<TokenStream> =
                    ty.map(ToTokens::to_token_stream).into_iter().chain(value.clone()).collect();
                if !is_type_first {
                    arguments.reverse();
                }
                let path =
                    if arguments.is_empty() { quote!(#ident) } else { quote!(#ident::<#(#arguments),*>) };
                let of_type = ty.map(|ty| quote!(.of_type::<#ty>()));
                let of_constant = value.map(|value| quote!(.of_constant(&#value)));
                let generic = quote!(#private::Generic::default() #of_type #of_constant);
                let condition = constant.as_ref().and_then(|constant| constant.condition.clone());
                list.push(Instance { path, generic, condition });
            }
        }
        Ok(Instances { definitions, list })
    }
}

/// An expression for a constant.
struct Constant {
    value: TokenStream,
    condition: Option<TokenStream>,
}

/// Returns the definition of the list of constants in the generated code, and an expression for each constant.
fn constants(list: &Expr, ty: &Type) -> (TokenStream, Vec<Option<Constant>>) {
    let definition = quote!(const __DIVAN_CONSTS: &[#ty] = &#list;);
    if let Expr::Array(array) = list {
        let each = (0..array.elems.len()).map(|index| {
            let index = Literal::usize_unsuffixed(index);
            Some(Constant { value: quote!(__DIVAN_CONSTS[#index]), condition: None })
        });
        return (definition, each.collect());
    }
    let message = format!(
        "`consts` names a list of more than {MOST_CONSTANTS} constants: write them into the attribute, `consts = [1, 2, …]`"
    );
    let most = Literal::usize_unsuffixed(MOST_CONSTANTS);
    let definitions = quote! {
        #definition
        const __DIVAN_CONST_COUNT: usize = __DIVAN_CONSTS.len();
        const _: () = ::core::assert!(__DIVAN_CONST_COUNT <= #most, #message);
    };
    let each = (0..MOST_CONSTANTS).map(|index| {
        let index = Literal::usize_unsuffixed(index);
        // Beyond the end of the list, the first constant is named, and its function is not called.
        Some(Constant {
            value: quote!(__DIVAN_CONSTS[if #index < __DIVAN_CONST_COUNT { #index } else { 0 }]),
            condition: Some(quote!(#index < __DIVAN_CONST_COUNT)),
        })
    });
    (definitions, each.collect())
}

fn missing(signature: &Signature, option: &str, what: &str, at: Option<&impl ToTokens>) -> Error {
    let message = format!("`{option}` needs a function with {what}, and `{}` has none", signature.ident);
    match at {
        Some(at) => Error::new_spanned(at, message),
        None => Error::new_spanned(&signature.ident, message),
    }
}
