//! The differences between the engines' SQL, as one trait: [`Dialect`]. A dialect is a file that implements it.

/// The syntax of regular expressions of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegexSyntax {
    /// RE2: linear, at most 1,000 repetitions.
    Re2,
    /// `java.util.regex`, in which `^` and `$` of a line know more line ends than `\n` unless `(?d)` is set.
    Java,
    /// Trino's, which is Java's without `(?d)`.
    Trino,
}

/// An operation on a list. Bodies name their element by the variable that comes first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListOp<'a> {
    /// True if the condition holds of an element. The condition is never NULL.
    Any(&'a str, &'a str),
    /// The list of the body's values.
    Map(&'a str, &'a str),
    /// The elements of which the condition holds.
    Filter(&'a str, &'a str),
    /// The list without repeated elements.
    Distinct,
    /// The list in ascending order; no element is NULL.
    Sorted,
    /// The elements as one text, with this literal between them.
    Joined(&'a str),
    /// The number of elements.
    Length,
    /// The element at this place, the first being 1.
    At(usize),
}

/// The names of functions of lists in which Spark and Trino differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListFunctions {
    /// Reports whether a condition holds of an element.
    pub(crate) any: &'static str,
    /// Counts the elements.
    pub(crate) length: &'static str,
}

/// The arrays at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArrayEnd {
    /// Their elements are the values.
    Elements,
    /// They are values themselves.
    Whole,
}

/// An engine's SQL. Arguments and results are SQL expressions unless their documentation says otherwise.
pub(crate) trait Dialect: Sync {
    /// Returns the name that `--for` takes.
    fn name(&self) -> &'static str;

    /// Returns the name of the engine, with the oldest version whose SQL this is.
    fn engine(&self) -> &'static str;

    /// Returns a text as a literal, which nothing in the text can end. The text has no NUL.
    fn literal(&self, text: &str) -> String;

    /// Returns a name in quotes. `None` if the engine cannot take it.
    fn identifier(&self, name: &str) -> Option<String>;

    /// Returns the syntax of the patterns that `matches` and `replace_matches` take.
    fn regex_syntax(&self) -> RegexSyntax;

    /// Returns the condition that a pattern, a literal, is found in a text.
    fn matches(&self, text: &str, pattern: &str) -> String;

    /// Returns a text with every match of a pattern replaced; both are literals.
    fn replace_matches(&self, text: &str, pattern: &str, with: &str) -> String {
        format!("regexp_replace({text}, {pattern}, {with})")
    }

    /// Returns the condition that a text contains another.
    fn contains(&self, text: &str, part: &str) -> String {
        format!("contains({text}, {part})")
    }

    /// Returns the list of these elements.
    fn array(&self, elements: &[String]) -> String {
        format!("[{}]", elements.join(", "))
    }

    /// Returns an operation on a list.
    fn list(&self, list: &str, operation: ListOp<'_>) -> String {
        let ListFunctions { any, length } = self.list_functions();
        match operation {
            ListOp::Any(element, condition) => format!("{any}({list}, {element} -> {condition})"),
            ListOp::Map(element, body) => format!("transform({list}, {element} -> {body})"),
            ListOp::Filter(element, condition) => format!("filter({list}, {element} -> {condition})"),
            ListOp::Distinct => format!("array_distinct({list})"),
            ListOp::Sorted => format!("array_sort({list})"),
            ListOp::Joined(between) => format!("array_join({list}, {between})"),
            ListOp::Length => format!("{length}({list})"),
            ListOp::At(place) => format!("element_at({list}, {place})"),
        }
    }

    /// Returns the functions that `list` writes; not used by a dialect with a `list` of its own.
    fn list_functions(&self) -> ListFunctions {
        ListFunctions { any: "any_match", length: "cardinality" }
    }

    /// Returns the join that gives a row for each element of a list as `ALIAS_value`, and one with NULL for an empty list.
    /// `width`: 0 if the elements are texts, else the length of the lists of texts that they are.
    fn unnest(&self, list: &str, alias: &str, width: usize) -> String;

    /// Returns the list of the JSON values at a path of a JSON text, without nulls. Arrays on the way are stepped through.
    ///
    /// # Errors
    /// The engine cannot take a key; the error is the reason.
    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String>;

    /// Returns the text of a JSON value of `json_values`; NULL for an object or an array.
    fn json_scalar(&self, value: &str) -> String;

    /// Returns a JSON value of `json_values` as JSON.
    fn json_raw(&self, value: &str) -> String;

    /// Returns a text, which is not NULL, as a JSON string.
    fn json_string(&self, text: &str) -> String;

    /// Returns a text as a floating-point number; NULL if it is not one.
    fn number(&self, text: &str) -> String;

    /// Returns Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`, in UTC whatever the session's time zone is.
    fn time_text(&self, seconds: &str) -> String;

    /// Returns a number as text.
    fn number_text(&self, number: &str) -> String {
        format!("CAST({number} AS VARCHAR)")
    }

    /// Returns the condition that a text is like a pattern, in which `!` escapes the next character.
    fn like(&self, text: &str, pattern: &str) -> String {
        let escape = if pattern.contains(['!', '\\']) { " ESCAPE '!'" } else { "" };
        format!("{text} LIKE {}{escape}", self.literal(pattern))
    }

    /// Returns the part of a text at a place, the first being 1, between separators; NULL or empty if there is none.
    fn part(&self, text: &str, separator: &str, place: usize) -> String {
        format!("split_part({text}, {}, {place})", self.literal(separator))
    }

    /// Returns the Unix seconds of `YYYY-MM-DDTHH:MM:SSZ`.
    fn unix_seconds(&self, text: &str) -> String;

    /// Returns a number as eight lower-case hexadecimal digits.
    fn hexadecimal(&self, number: &str) -> String;

    /// Returns the path of the file that a row `c` of AWS's table is from, if the engine knows it.
    fn aws_file(&self) -> Option<&'static str> {
        None
    }

    /// Returns the reason why the engine cannot have AWS's table.
    fn without_aws_table(&self) -> Option<&'static str> {
        None
    }

    /// Returns the largest number of bytes of a statement that the engine takes by default.
    fn max_statement_bytes(&self) -> Option<usize> {
        None
    }

    /// Returns the statement that makes a table or view of this name, quoted where needed, over the Parquet files of
    /// `trailq convert` at a place. `columns`: those of the files; `partitions`: those of the folders, all of text.
    fn table(&self, name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String;

    /// Returns the place of the files in `table` unless one is given.
    fn default_location(&self) -> &'static str {
        "events"
    }
}

/// A column of the table `events`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type.
    pub(crate) kind: ColumnType,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number of 64 bits.
    Long,
    /// A whole number of 32 bits.
    Int,
    /// A list of resources.
    Resources,
}

/// Returns a text in single quotes, with each `'` and each character of `doubled` twice.
pub(crate) fn quoted(text: &str, doubled: &[char]) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        if character == '\'' || doubled.contains(&character) {
            literal.push(character);
        }
        literal.push(character);
    }
    literal.push('\'');
    literal
}

/// Reports whether a character has to be written as an escape so that a statement can be read and copied.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
