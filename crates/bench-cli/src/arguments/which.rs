//! The filters of cases that every command understands.

use bench_record::RunError;
use bench_runner::command_line;
use bench_runner::selection::{Arguments, Partition, Selection};
use bench_syntax::Category;
use clap::Args;
use clap::builder::BoolishValueParser;

/// The filters of cases that every command understands.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only cases whose id contains one of these texts
    #[arg(value_name = "FILTER", env = "BENCH_FILTER", hide_env = true, help_heading = "Cases")]
    filters: Vec<String>,
    /// Only these categories: unit, integration, performance
    #[arg(long, env = "BENCH_CATEGORY", hide_env = true, value_delimiter = ',', help_heading = "Cases")]
    category: Vec<Category>,
    /// Only these models
    #[arg(long, env = "BENCH_MODEL", hide_env = true, value_delimiter = ',', help_heading = "Cases")]
    model: Vec<String>,
    /// Only cases with one of these tags
    #[arg(long, env = "BENCH_TAG", hide_env = true, value_delimiter = ',', help_heading = "Cases")]
    tag: Vec<String>,
    /// Filters must equal the whole id
    #[arg(long, env = "BENCH_EXACT", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Cases")]
    exact: bool,
    /// Filters are regular expressions
    #[arg(long, env = "BENCH_REGEX", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Cases")]
    regex: bool,
    /// Leave out cases whose id contains this text (with --exact: equals it; with --regex: matches it)
    #[arg(long, env = "BENCH_SKIP", hide_env = true, value_name = "FILTER", help_heading = "Cases")]
    skip: Vec<String>,
    /// Only cases with these arguments: 'batch=8' or 'batch=8,dtype=f16'
    #[arg(long, env = "BENCH_ARGS", hide_env = true, value_name = "NAME=VALUE", help_heading = "Cases")]
    args: Vec<Arguments>,
    /// Only the cases of one part of several, such as 1/4; a stable hash of the id assigns each case to a part
    #[arg(long, env = "BENCH_PARTITION", hide_env = true, value_name = "K/N", help_heading = "Cases")]
    partition: Option<Partition>,
    /// Only cases marked `ignore`
    #[arg(
        long,
        env = "BENCH_IGNORED", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Cases"
    )]
    ignored: bool,
    /// Also cases marked `ignore`
    #[arg(long, env = "BENCH_INCLUDE_IGNORED", hide_env = true, value_parser = BoolishValueParser::new(), help_heading = "Cases")]
    include_ignored: bool,
}

impl Which {
    /// Whether no case is left out.
    pub(crate) fn is_empty(&self) -> bool {
        let lists = [&self.filters, &self.model, &self.tag, &self.skip];
        lists.iter().all(|list| list.is_empty())
            && self.category.is_empty()
            && self.args.is_empty()
            && self.partition.is_none()
            && ![self.exact, self.regex, self.ignored, self.include_ignored].contains(&true)
    }

    /// The filters, parsed.
    ///
    /// # Errors
    /// If a regular expression is not valid.
    pub(crate) fn selection(&self) -> Result<Selection, RunError> {
        let which = command_line::Which {
            filters: self.filters.clone(),
            category: self.category.clone(),
            model: self.model.clone(),
            tag: self.tag.clone(),
            exact: self.exact,
            regex: self.regex,
            by_name: false,
            skip: self.skip.clone(),
            args: self.args.clone(),
            partition: self.partition,
            ignored: self.ignored,
            include_ignored: self.include_ignored,
        };
        which.selection()
    }
}
