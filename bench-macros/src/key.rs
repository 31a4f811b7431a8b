//! One key of the attribute, and how its value is read. Every error shows a correct example.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Expr, LitInt, LitStr, Path, Result, Token, bracketed, parenthesized, token};

use bench_syntax::duration;

/// The keys, in the order in which errors list them.
pub(crate) const KEYS: [&str; 17] = [
    "name", "category", "model", "tags", "targets", "args", "types", "items", "bytes", "count", "warmup",
    "samples", "rounds", "max_time", "timeout", "ignore", "crate",
];

/// A key and an example of its use.
pub(crate) struct Key<'a> {
    ident: &'a Ident,
    example: &'static str,
}

impl<'a> Key<'a> {
    /// Creates the key at `ident`.
    pub(crate) fn new(ident: &'a Ident, example: &'static str) -> Self {
        Key { ident, example }
    }

    /// Returns the error `` `key` needs …, as in `example` ``.
    fn wants(&self, span: Span, what: &str) -> Error {
        Error::new(span, format!("`{}` needs {what}, as in `{}`", self.ident, self.example))
    }

    /// Returns the place of the value, or of the key if it has none.
    fn span(&self, input: ParseStream<'_>) -> Span {
        if input.is_empty() || input.peek(Token![,]) { self.ident.span() } else { input.span() }
    }

    fn equals(&self, input: ParseStream<'_>) -> Result<()> {
        match input.parse::<Option<Token![=]>>()? {
            Some(_) => Ok(()),
            None => Err(self.wants(self.span(input), "a value")),
        }
    }

    /// Parses `= "text"`, which must not be empty.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn string(&self, input: ParseStream<'_>) -> Result<LitStr> {
        self.equals(input)?;
        let literal = self.bare_string(input)?;
        if literal.value().trim().is_empty() {
            return Err(self.wants(literal.span(), "a text that is not empty"));
        }
        Ok(literal)
    }

    /// Parses `"text"`.
    ///
    /// # Errors
    /// At the token found instead.
    pub(crate) fn bare_string(&self, input: ParseStream<'_>) -> Result<LitStr> {
        let span = self.span(input);
        input.parse().map_err(|_| self.wants(span, "a string"))
    }

    /// Parses `= "text"` that can be part of a case id and of a filter without quoting.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn name(&self, input: ParseStream<'_>) -> Result<LitStr> {
        let literal = self.string(input)?;
        match literal.value().chars().find(|c| !(c.is_alphanumeric() || "_-.+".contains(*c))) {
            None => Ok(literal),
            Some(wrong) => Err(Error::new(
                literal.span(),
                format!(
                    "`{}` becomes part of case ids and cannot contain {wrong:?}: use letters, digits, `_`, `-`, \
                     `.` and `+`, as in `{}`",
                    self.ident, self.example
                ),
            )),
        }
    }

    /// Parses `= 3`, in `least..=most`.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn whole(&self, input: ParseStream<'_>, least: u64, most: u64) -> Result<u64> {
        self.equals(input)?;
        let wants = |span| match most {
            u64::MAX => self.wants(span, &format!("a whole number of at least {least}")),
            _ => self.wants(span, &format!("a whole number from {least} to {most}")),
        };
        let span = self.span(input);
        let literal: LitInt = input.parse().map_err(|_| wants(span))?;
        match literal.base10_parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(wants(literal.span())),
        }
    }

    /// Parses `= "1.5s"`.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn time(&self, input: ParseStream<'_>) -> Result<Duration> {
        self.equals(input)?;
        let literal = self.bare_string(input)?;
        let text = literal.value();
        duration::parse(&text).map_err(|fault| Error::new(literal.span(), fault.message(&text)))
    }

    /// Parses `= path::to::it`, or the same in a string.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn path(&self, input: ParseStream<'_>) -> Result<Path> {
        self.equals(input)?;
        let span = self.span(input);
        if input.peek(LitStr) {
            let literal: LitStr = input.parse()?;
            return literal.parse_with(Path::parse_mod_style).map_err(|_| self.wants(span, "a path"));
        }
        input.call(Path::parse_mod_style).map_err(|_| self.wants(span, "a path"))
    }

    /// Parses `= expression`.
    ///
    /// # Errors
    /// At the value.
    pub(crate) fn expression(&self, input: ParseStream<'_>) -> Result<Expr> {
        self.equals(input)?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(self.wants(self.ident.span(), "a value"));
        }
        input.parse()
    }

    /// Parses `(entry, entry)`, which must not be empty.
    ///
    /// # Errors
    /// At the token found instead, at the parentheses if they are empty, or at the entry that is wrong.
    pub(crate) fn list<T>(
        &self,
        input: ParseStream<'_>,
        entry: impl FnMut(ParseStream<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        if !input.peek(token::Paren) {
            return Err(self.wants(self.span(input), "a list in parentheses"));
        }
        let content;
        let parentheses = parenthesized!(content in input);
        self.entries(&content, parentheses.span.join(), entry)
    }

    /// Parses `= [entry, entry]`, which must not be empty.
    ///
    /// # Errors
    /// Same as [`list`](Self::list).
    pub(crate) fn array<T>(
        &self,
        input: ParseStream<'_>,
        entry: impl FnMut(ParseStream<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (content, span) = self.open_brackets(input)?;
        self.entries(&content, span, entry)
    }

    /// Returns the tokens of `= [tokens]`, which must not be empty, without parsing them.
    ///
    /// # Errors
    /// Same as [`list`](Self::list).
    pub(crate) fn brackets(&self, input: ParseStream<'_>) -> Result<TokenStream> {
        let (content, span) = self.open_brackets(input)?;
        if content.is_empty() { Err(self.wants(span, "at least one entry")) } else { content.parse() }
    }

    /// Parses the name of one of the function's arguments, or of one of the units of `count`, in a list.
    ///
    /// # Errors
    /// At the token found instead.
    pub(crate) fn entry_name(&self, input: ParseStream<'_>) -> Result<Ident> {
        let span = self.span(input);
        let name = input.call(Ident::parse_any).map_err(|_| self.wants(span, "entries with a name"))?;
        if input.peek(Token![=]) { Ok(name) } else { Err(self.wants(name.span(), "a value after each name")) }
    }

    fn open_brackets<'b>(&self, input: ParseStream<'b>) -> Result<(ParseBuffer<'b>, Span)> {
        self.equals(input)?;
        if !input.peek(token::Bracket) {
            return Err(self.wants(self.span(input), "a list in brackets"));
        }
        let content;
        let brackets = bracketed!(content in input);
        Ok((content, brackets.span.join()))
    }

    fn entries<T>(
        &self,
        content: ParseStream<'_>,
        span: Span,
        mut entry: impl FnMut(ParseStream<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut entries = Vec::new();
        while !content.is_empty() {
            entries.push(entry(content)?);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        if entries.is_empty() { Err(self.wants(span, "at least one entry")) } else { Ok(entries) }
    }
}
