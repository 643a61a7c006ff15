//! Conditions: search identifiers joined by `and`, `or`, `not`, parentheses, `1 of` and `all of`.

use crate::sigma::expression::Expression;

/// The deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 50;
/// The bytes of the lookup that a condition may become, however often it names a search.
const MAX_BYTES: usize = 1 << 20;

/// The searches of a detection by their identifiers, in the order of the file.
pub(crate) type Searches = [(String, Expression)];

/// Compiles a condition.
///
/// # Errors
/// It cannot be parsed, or names a search that the detection does not have.
pub(crate) fn compile(text: &str, searches: &Searches) -> Result<Expression, String> {
    if text.contains('|') {
        return Err("an aggregation in the condition (`|`) is not supported".to_owned());
    }
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, left: MAX_BYTES, searches };
    let expression = parser.any()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected `{token}` in the condition")),
    }
}

fn tokens(text: &str) -> Vec<String> {
    text.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(str::to_owned).collect()
}

struct Parser<'t> {
    tokens: &'t [String],
    at: usize,
    depth: usize,
    /// The bytes that searches may still add.
    left: usize,
    searches: &'t Searches,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all()?];
        while self.eat("or") {
            parts.push(self.all()?);
        }
        Ok(Expression::any(parts))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.one()?];
        while self.eat("and") {
            parts.push(self.one()?);
        }
        Ok(Expression::all(parts))
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("a condition nested more than {MAX_DEPTH} levels deep"));
        }
        let found = self.unlimited()?;
        self.depth -= 1;
        Ok(found)
    }

    fn unlimited(&mut self) -> Result<Expression, String> {
        if self.eat("not") {
            return self.one().map(Expression::negated);
        }
        if self.eat("(") {
            let inner = self.any()?;
            return if self.eat(")") {
                Ok(inner)
            } else {
                Err("a parenthesis of the condition is not closed".to_owned())
            };
        }
        let Some(token) = self.peek() else { return Err("the condition ends too early".to_owned()) };
        self.at += 1;
        if self.eat("of") {
            let quantifier = token.to_ascii_lowercase();
            let Some(pattern) = self.peek() else { return Err(format!("`{token} of` has nothing after it")) };
            self.at += 1;
            return self.quantified(&quantifier, pattern);
        }
        let found = self.searches.iter().find(|(name, _)| name == token);
        match found {
            Some((_, expression)) => self.taken(expression),
            None => Err(format!("the condition names `{token}`, which the detection does not have")),
        }
    }

    /// Returns a copy of a search.
    fn taken(&mut self, expression: &Expression) -> Result<Expression, String> {
        let left = self.left.checked_sub(expression.size());
        self.left = left.ok_or_else(|| format!("the rule becomes a lookup of more than {MAX_BYTES} bytes"))?;
        Ok(expression.clone())
    }

    /// `1 of PATTERN` and `all of PATTERN`.
    fn quantified(&mut self, quantifier: &str, pattern: &str) -> Result<Expression, String> {
        let is_meant = |name: &str| match pattern.eq_ignore_ascii_case("them") {
            true => !name.starts_with('_'),
            false => is_like(name, pattern),
        };
        let found = self.searches.iter().filter(|(name, _)| is_meant(name));
        let found = found.map(|(_, part)| self.taken(part)).collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() {
            return Err(format!("the condition names `{pattern}`, which no search of the detection is like"));
        }
        match quantifier {
            "1" | "any" => Ok(Expression::any(found)),
            "all" => Ok(Expression::all(found)),
            other => Err(format!("`{other} of` is not supported: only `1 of` and `all of` are")),
        }
    }
}

/// Reports whether a name matches a pattern in which `*` is any text.
fn is_like(name: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(name) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    let Some(mut name) = name.strip_suffix(last) else { return false };
    pieces.iter().all(|piece| match name.find(piece) {
        Some(at) => {
            name = &name[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{compile, is_like};
    use crate::sigma::expression::Expression;

    #[test]
    fn conditions_bind_as_the_specification_says() {
        let searches: Vec<(String, Expression)> = ["a", "sel_1", "sel_2", "filter", "_hidden"]
            .iter()
            .map(|name| ((*name).to_owned(), Expression::Term(format!("{name}=x"))))
            .collect();
        for (condition, expected) in [
            ("a", "a=x"),
            ("a and not filter", "a=x not filter=x"),
            ("a or sel_1 and sel_2", "a=x or sel_1=x sel_2=x"),
            ("not a and filter", "not a=x filter=x"),
            ("(a or sel_1) and not (filter)", "(a=x or sel_1=x) not filter=x"),
            ("1 of sel_*", "sel_1=x or sel_2=x"),
            ("all of sel* and not 1 of filter*", "sel_1=x sel_2=x not filter=x"),
            ("all of them", "a=x sel_1=x sel_2=x filter=x"),
            ("NOT 1 OF them", "not (a=x or sel_1=x or sel_2=x or filter=x)"),
            ("_hidden", "_hidden=x"),
        ] {
            assert_eq!(compile(condition, &searches).unwrap().text(), expected, "{condition}");
        }
        for (condition, problem) in [
            ("b", "names `b`"),
            ("1 of x*", "names `x*`"),
            ("2 of sel*", "`2 of`"),
            ("a | count() > 5", "aggregation"),
            ("(a", "not closed"),
            ("a)", "unexpected `)`"),
            ("a and", "ends too early"),
            ("a sel_1", "unexpected `sel_1`"),
            ("1 of", "nothing after"),
        ] {
            assert!(compile(condition, &searches).unwrap_err().contains(problem), "{condition}");
        }
        assert!(compile(&format!("{}a", "not ".repeat(60)), &searches).is_err());
        assert!(is_like("a_b_c", "a*b*c") && !is_like("ab", "a*bb") && is_like("x", "*") && !is_like("aa", "a"));
    }
}
