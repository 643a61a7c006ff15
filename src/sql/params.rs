//! Binding of parameters.

use std::collections::HashMap;

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
}

/// The parameters of a statement that is being written. Each method returns the placeholder: `?1`, `?2`, ...
#[derive(Debug, Default)]
pub(crate) struct SqlParams {
    values: Vec<Param>,
    /// The placeholders of texts that several conditions may share.
    shared: HashMap<String, String>,
}

impl SqlParams {
    /// Binds a text.
    pub(crate) fn text(&mut self, text: &str) -> String {
        self.bind(Param::Text(text.to_owned()))
    }

    /// Binds a whole number.
    pub(crate) fn number(&mut self, number: i64) -> String {
        self.bind(Param::Integer(number))
    }

    /// Binds a text that may be long and needed in several places, once.
    pub(crate) fn shared_text(&mut self, text: String) -> String {
        if let Some(placeholder) = self.shared.get(&text) {
            return placeholder.clone();
        }
        let placeholder = self.text(&text);
        self.shared.insert(text, placeholder.clone());
        placeholder
    }

    /// Returns the values in the order of their placeholders.
    pub(crate) fn values(&self) -> &[Param] {
        &self.values
    }

    /// Returns the values in the order of their placeholders.
    pub(crate) fn into_values(self) -> Vec<Param> {
        self.values
    }

    fn bind(&mut self, param: Param) -> String {
        self.values.push(param);
        format!("?{}", self.values.len())
    }
}
