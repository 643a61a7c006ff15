//! Predicates on one column or element of text, a number or a flag.

use ipnet::IpNet;

use crate::address_key::address_key;
use crate::query::ast::{Operator, Part};
use crate::query::resolved::{Pattern, ValuePredicate};
use crate::sql::translate::regex;
use crate::sql::translate::translator::{Layout, Translator, any};

impl Translator<'_> {
    /// Returns the condition that a predicate holds of a value.
    pub(crate) fn matches(&self, value: &str, predicate: &ValuePredicate) -> String {
        match predicate {
            ValuePredicate::Present => format!("{value} IS NOT NULL"),
            ValuePredicate::Patterns(patterns) => self.patterns(value, patterns),
            ValuePredicate::Folded(patterns) => self.folded(value, patterns, ""),
            ValuePredicate::Regex(pattern) => self.regex(value, pattern),
            ValuePredicate::Compare(operator, text) => {
                format!("{value} {} {}", operator_text(*operator), self.literal(text))
            }
            ValuePredicate::Number(Operator::Equal, numbers) if numbers.len() > 1 => {
                let listed: Vec<String> = numbers.iter().map(i64::to_string).collect();
                format!("{value} IN ({})", listed.join(", "))
            }
            ValuePredicate::Number(operator, numbers) => {
                any(numbers.iter().map(|number| format!("{value} {} {number}", operator_text(*operator))).collect())
            }
            ValuePredicate::Flag(flags) => {
                any(flags.iter().map(|flag| if *flag { value.to_owned() } else { format!("NOT {value}") }).collect())
            }
        }
    }

    fn patterns(&self, value: &str, patterns: &[Pattern]) -> String {
        let mut exact = Vec::new();
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(text) => exact.push(self.literal(text)),
                Pattern::Wildcard(wildcard) => parts.push(self.dialect.like(value, &like_pattern(wildcard))),
                Pattern::Network(network) => parts.push(self.network(network)),
            }
        }
        match exact.as_slice() {
            [] => {}
            [one] => parts.insert(0, format!("{value} = {one}")),
            many => parts.insert(0, format!("{value} IN ({})", many.join(", "))),
        }
        any(parts)
    }

    /// Returns the condition that a text matches a pattern, ignoring case. `before`: a regular expression for what may be
    /// before the match, which else is the beginning.
    pub(crate) fn folded(&self, value: &str, patterns: &[Pattern], before: &str) -> String {
        let mut written = Vec::new();
        let mut networks = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(text) => written.push(regex_syntax::escape(text)),
                Pattern::Wildcard(parts) => written.push(parts.iter().map(regex_part).collect()),
                Pattern::Network(network) => networks.push(self.network(network)),
            }
        }
        let begin = if before.is_empty() { r"\A".to_owned() } else { format!(r"(?:\A|{before})") };
        let mut conditions = networks;
        if !written.is_empty() {
            conditions.insert(0, self.regex(value, &format!(r"(?is){begin}(?:{})\z", written.join("|"))));
        }
        any(conditions)
    }

    /// Returns the condition that a regular expression is found in a text.
    pub(crate) fn regex(&self, value: &str, pattern: &str) -> String {
        match regex::rewrite(pattern, self.dialect.regex_syntax()) {
            Ok(rewritten) => self.dialect.matches(value, &self.literal(&rewritten)),
            Err(reason) => {
                let engine = self.dialect.engine();
                self.refuse(
                    format!("the regular expression cannot be written for {engine}: {reason}"),
                    "write a wildcard, such as *text*, or a simpler expression",
                )
            }
        }
    }

    /// Returns the condition that the address of the event is in a network. A key that sorts as addresses do spares the
    /// functions of the engines: Spark has none, and ClickHouse's fail on the names of services.
    fn network(&self, network: &str) -> String {
        // The resolver has checked the network.
        let Ok(network) = network.parse::<IpNet>() else { return "false".to_owned() };
        if self.layout == Layout::Aws && network.network().is_ipv6() {
            return self.refuse(
                "over AWS's table no engine compares addresses of IPv6 with a network",
                "nearest: a wildcard, such as ip=2001:db8:*",
            );
        }
        let (first, last) = (address_key(network.network()), address_key(network.broadcast()));
        format!("e.source_ip_key BETWEEN {} AND {}", self.literal(&first), self.literal(&last))
    }

    /// Returns the condition that a text ends in a value after one of some separators.
    pub(crate) fn tail(&self, value: &str, predicate: &ValuePredicate, separators: &[char]) -> Option<String> {
        match predicate {
            ValuePredicate::Folded(patterns) => {
                let class: String =
                    separators.iter().map(|separator| regex_syntax::escape(&separator.to_string())).collect();
                Some(self.folded(value, patterns, &format!("[{class}]")))
            }
            ValuePredicate::Patterns(patterns) => {
                let tails = patterns.iter().flat_map(|pattern| {
                    let end = match pattern {
                        Pattern::Exact(text) => literal_pattern(text),
                        Pattern::Wildcard(parts) => like_pattern(parts),
                        Pattern::Network(_) => return Vec::new(),
                    };
                    separators
                        .iter()
                        .map(|separator| {
                            self.dialect.like(value, &format!("%{}{end}", literal_pattern(&separator.to_string())))
                        })
                        .collect()
                });
                Some(any(tails.collect()))
            }
            _ => None,
        }
    }
}

/// Returns an operator as SQL.
pub(crate) fn operator_text(operator: Operator) -> &'static str {
    match operator {
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Equal | Operator::EqualFolded | Operator::SameAs | Operator::Matches => "=",
    }
}

/// Returns a wildcard as a pattern of LIKE, in which `!` escapes the next character.
pub(crate) fn like_pattern(parts: &[Part]) -> String {
    let mut pattern = String::new();
    for part in parts {
        match part {
            Part::Any if pattern.ends_with('%') && !pattern.ends_with("!%") => {}
            Part::Any => pattern.push('%'),
            Part::Text(text) => pattern.push_str(&literal_pattern(text)),
        }
    }
    pattern
}

/// Returns a text as a pattern of LIKE that matches nothing else.
fn literal_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern
}

fn regex_part(part: &Part) -> String {
    match part {
        Part::Any => ".*".to_owned(),
        Part::Text(text) => regex_syntax::escape(text),
    }
}
