//! The scope of a question, and what the case could not have seen of it.

use crate::coverage::{self, Category, Scope};
use crate::query::ResolvedLookup;
use crate::query::resolved::{Condition, Node, NodeKind};
use crate::store::{Case, QueryError};

/// Describes what the case could not have seen of a lookup.
pub(crate) fn of_lookup(case: &Case, lookup: &ResolvedLookup) -> Result<Option<String>, QueryError> {
    of_scope(case, &scope_of_lookup(lookup))
}

/// Describes what the case could not have seen of the statement of a saved query. `account` and `period` are the values of
/// its parameters.
pub(crate) fn of_statement(
    case: &Case,
    sql: &str,
    account: Option<&str>,
    period: (Option<i64>, Option<i64>),
) -> Result<Option<String>, QueryError> {
    let data_sources = coverage::sources_named_in(sql);
    let mut categories = vec![Category::Management];
    categories.extend((!data_sources.is_empty()).then_some(Category::Data));
    let accounts = account.map(|account| vec![account.to_owned()]);
    of_scope(case, &Scope { accounts, regions: None, categories, data_sources, from: period.0, to: period.1 })
}

/// Describes what the case could not have seen of management events.
pub(crate) fn of_management_events(case: &Case) -> Result<Option<String>, QueryError> {
    of_scope(case, &Scope { categories: vec![Category::Management], ..Scope::default() })
}

/// Describes what the case could not have seen of a scope.
pub(crate) fn of_scope(case: &Case, scope: &Scope) -> Result<Option<String>, QueryError> {
    let coverage = case.coverage()?;
    Ok(coverage::of_scope(&coverage, scope))
}

/// Returns the events that a lookup is about, by its terms that every event meets.
fn scope_of_lookup(lookup: &ResolvedLookup) -> Scope {
    let mut asked = Asked::default();
    lookup.terms.iter().for_each(|term| asked.add(term));
    let interval = lookup.interval().unwrap_or_default();
    let (categories, data_sources) = asked.kinds();
    Scope {
        accounts: asked.accounts,
        regions: asked.regions,
        categories,
        data_sources,
        from: interval.from,
        to: interval.to,
    }
}

/// The values of the terms that limit a scope; `None`: any.
#[derive(Default)]
struct Asked {
    accounts: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    categories: Option<Vec<String>>,
    sources: Option<Vec<String>>,
    names: Option<Vec<String>>,
}

impl Asked {
    fn add(&mut self, term: &Node) {
        match &term.kind {
            NodeKind::All(terms) => terms.iter().for_each(|term| self.add(term)),
            NodeKind::Condition(Condition::Field(field, predicate)) => {
                let values = match field.column {
                    "recipient_account_id" => &mut self.accounts,
                    "aws_region" => &mut self.regions,
                    "event_category" => &mut self.categories,
                    "event_source" => &mut self.sources,
                    "event_name" => &mut self.names,
                    _ => return,
                };
                // A second term of a field limits the scope further; the scope of the first one contains it.
                let exact = || predicate.exact().map(|exact| exact.into_iter().map(str::to_owned).collect());
                *values = values.take().or_else(exact);
            }
            _ => {}
        }
    }

    /// Returns the categories, and the event sources of the data events; empty: any.
    fn kinds(&self) -> (Vec<Category>, Vec<String>) {
        let sources = self.sources.clone().unwrap_or_default();
        if let Some(named) = &self.categories {
            let is_named = |category: &Category| named.iter().any(|name| name == category.name());
            return (Category::ALL.into_iter().filter(is_named).collect(), sources);
        }
        let Some(names) = &self.names else {
            let is_any = self.sources.is_none();
            let data: Vec<String> = sources.into_iter().filter(|source| coverage::has_data_events(source)).collect();
            let has_data = is_any || !data.is_empty();
            let categories = [Category::Management].into_iter().chain(has_data.then_some(Category::Data));
            return (categories.collect(), data);
        };
        let kind = |name: &String| match sources.as_slice() {
            [] => coverage::data_kind_of_call(name, None),
            sources => sources.iter().find_map(|source| coverage::data_kind_of_call(name, Some(source))),
        };
        let kinds: Vec<Option<&str>> = names.iter().map(kind).collect();
        let mut data: Vec<String> = kinds.iter().flatten().map(|source| (*source).to_owned()).collect();
        data.sort_unstable();
        data.dedup();
        let is_management = kinds.iter().any(Option::is_none);
        let categories = is_management.then_some(Category::Management).into_iter();
        (categories.chain((!data.is_empty()).then_some(Category::Data)).collect(), data)
    }
}

#[cfg(test)]
mod tests {
    use super::scope_of_lookup;
    use crate::query::{self, Environment};

    /// No case and no lists.
    struct Nothing;

    impl Environment for Nothing {
        fn now(&self) -> i64 {
            0
        }

        fn newest_event(&self) -> Option<i64> {
            None
        }

        fn read_list(&self, path: &str) -> Result<String, String> {
            Err(path.to_owned())
        }
    }

    /// The scope of a lookup in short.
    fn scope(text: &str) -> String {
        let tree = query::parse(text).unwrap();
        let scope = scope_of_lookup(&query::resolve(&tree, &Nothing).unwrap());
        let list = |values: &Option<Vec<String>>| values.as_ref().map_or("any".to_owned(), |values| values.join(","));
        let categories: Vec<&str> = scope.categories.iter().map(|category| category.name()).collect();
        format!(
            "{} {} {} [{}]",
            list(&scope.accounts),
            list(&scope.regions),
            categories.join("+"),
            scope.data_sources.join(",")
        )
    }

    #[test]
    fn the_scope_has_the_values_that_every_event_meets() {
        assert_eq!(scope("user=alice"), "any any Management+Data []");
        assert_eq!(
            scope("account=111122223333 region=us-east-1 name=RunInstances"),
            "111122223333 us-east-1 Management []"
        );
        assert_eq!(scope("account=111122223333 or region=us-east-1"), "any any Management+Data []");
        assert_eq!(scope("not account=111122223333"), "any any Management+Data []");
        assert_eq!(scope("(region=eu-west-1 user=a) key=b"), "any eu-west-1 Management+Data []");
    }

    #[test]
    fn data_events_are_in_the_scope_where_the_terms_name_them() {
        assert_eq!(scope("name=GetObject"), "any any Data [s3.amazonaws.com]");
        assert_eq!(scope("name=GetObject,RunInstances"), "any any Management+Data [s3.amazonaws.com]");
        assert_eq!(scope("source=s3"), "any any Management+Data [s3.amazonaws.com]");
        assert_eq!(scope("source=ec2"), "any any Management []");
        assert_eq!(scope("name=GetObject source=ec2"), "any any Management []");
        assert_eq!(scope("category=Data source=lambda"), "any any Data [lambda.amazonaws.com]");
        assert_eq!(scope("category=Insight"), "any any Insight []");
    }
}
