//! A filter that is being put together, and its text in the lookup language.

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// Every event matches.
    Always,
    /// No event matches.
    Never,
    /// A term of a lookup.
    Term(String),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
}

impl Expression {
    /// Returns the filter that all of these make.
    pub(crate) fn all(parts: impl IntoIterator<Item = Expression>) -> Expression {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Expression::Always => {}
                Expression::Never => return Expression::Never,
                Expression::All(parts) => all.extend(parts),
                part => all.push(part),
            }
        }
        match all.len() {
            0 => Expression::Always,
            1 => all.remove(0),
            _ => Expression::All(all),
        }
    }

    /// Returns the filter that any of these makes.
    pub(crate) fn any(parts: impl IntoIterator<Item = Expression>) -> Expression {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Expression::Never => {}
                Expression::Always => return Expression::Always,
                Expression::Any(parts) => any.extend(parts),
                part => any.push(part),
            }
        }
        match any.len() {
            0 => Expression::Never,
            1 => any.remove(0),
            _ => Expression::Any(any),
        }
    }

    /// Returns the complement.
    pub(crate) fn negated(self) -> Expression {
        match self {
            Expression::Always => Expression::Never,
            Expression::Never => Expression::Always,
            Expression::Not(inner) => *inner,
            other => Expression::Not(Box::new(other)),
        }
    }

    /// Returns about the length of the text.
    pub(crate) fn size(&self) -> usize {
        match self {
            Expression::Always | Expression::Never => 16,
            Expression::Term(text) => text.len() + 4,
            Expression::All(parts) | Expression::Any(parts) => parts.iter().map(Expression::size).sum(),
            Expression::Not(inner) => 4 + inner.size(),
        }
    }

    /// Returns the filter as a lookup is written. Every event has an id.
    pub(crate) fn text(&self) -> String {
        match self {
            Expression::Always => "event-id=*".to_owned(),
            Expression::Never => "not event-id=*".to_owned(),
            Expression::Term(text) => text.clone(),
            Expression::All(parts) => joined(parts, " ", |part| matches!(part, Expression::Any(_))),
            Expression::Any(parts) => joined(parts, " or ", |_| false),
            Expression::Not(inner) => match &**inner {
                Expression::All(_) | Expression::Any(_) => format!("not ({})", inner.text()),
                inner => format!("not {}", inner.text()),
            },
        }
    }
}

/// Joins parts, in parentheses where that is needed.
fn joined(parts: &[Expression], with: &str, in_parentheses: fn(&Expression) -> bool) -> String {
    let text = |part: &Expression| match in_parentheses(part) {
        true => format!("({})", part.text()),
        false => part.text(),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(with)
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn constants_disappear_and_groups_keep_their_meaning() {
        let term = |text: &str| Expression::Term(text.to_owned());
        let any = Expression::any([term("a=1"), Expression::Never, term("b=2")]);
        let all = Expression::all([any.clone(), Expression::Always, term("c=3").negated()]);
        assert_eq!(all.text(), "(a=1 or b=2) not c=3");
        assert_eq!(all.clone().negated().text(), "not ((a=1 or b=2) not c=3)");
        assert_eq!(all.negated().negated().text(), "(a=1 or b=2) not c=3");
        assert_eq!(Expression::any([any, Expression::Always]), Expression::Always);
        assert_eq!(Expression::all([term("a=1"), Expression::Never]).text(), "not event-id=*");
    }
}
