//! Detections: searches and the condition that joins them.

use crate::sigma::condition;
use crate::sigma::expression::Expression;
use crate::sigma::item;
use crate::sigma::modifiers::Modifiers;
use crate::sigma::yaml::Yaml;

/// Keys of a detection that are not searches.
const NOT_SEARCHES: [&str; 2] = ["condition", "timeframe"];

/// Compiles a detection into a filter. Names of fields that no record has go to `unknown`.
///
/// # Errors
/// A search or the condition is not supported.
pub(crate) fn compile(detection: &Yaml, unknown: &mut Vec<String>) -> Result<Expression, String> {
    let mut searches = Vec::new();
    for (name, search) in detection.entries().iter().filter(|(name, _)| !NOT_SEARCHES.contains(&name.as_str())) {
        searches.push((name.clone(), compile_search(search, unknown)?));
    }
    let condition = detection.get("condition").ok_or("the detection has no condition")?;
    let conditions = condition.items().iter().map(|condition| {
        let text = condition.scalar().ok_or("the condition is not a text")?;
        condition::compile(&text, &searches)
    });
    conditions.collect::<Result<Vec<_>, String>>().map(Expression::any)
}

/// Compiles a search: a map, whose items all hold, or a list of maps and keywords, of which one holds.
fn compile_search(search: &Yaml, unknown: &mut Vec<String>) -> Result<Expression, String> {
    match search {
        Yaml::Map(entries) if entries.is_empty() => Err("a search has no items".to_owned()),
        Yaml::Map(entries) => {
            let items = entries.iter().map(|(key, value)| item::compile(key, value, unknown));
            items.collect::<Result<Vec<_>, _>>().map(Expression::all)
        }
        Yaml::List(items) => {
            let (searches, keywords): (Vec<&Yaml>, Vec<&Yaml>) =
                items.iter().partition(|item| matches!(item, Yaml::Map(_) | Yaml::List(_)));
            if items.is_empty() {
                return Err("a search has no items".to_owned());
            }
            let mut parts = Vec::new();
            if !keywords.is_empty() {
                let keywords: Vec<Yaml> = keywords.into_iter().cloned().collect();
                parts.push(item::keywords(&keywords, &Modifiers::default())?);
            }
            for search in searches {
                parts.push(compile_search(search, unknown)?);
            }
            Ok(Expression::any(parts))
        }
        keyword => item::keywords(std::slice::from_ref(keyword), &Modifiers::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::compile;
    use crate::query;
    use crate::sigma::yaml::documents;

    fn compiled(text: &str) -> Result<(String, Vec<String>), String> {
        let mut unknown = Vec::new();
        let document = documents(text).unwrap().remove(0);
        compile(&document, &mut unknown).map(|filter| (filter.text(), unknown))
    }

    fn of_selection(items: &str) -> Result<String, String> {
        let items = items.replace('\n', "\n  ");
        let text = compiled(&format!("selection:\n  {items}\ncondition: selection\n"))?.0;
        assert!(query::parse(&text).is_ok(), "{text}");
        Ok(text)
    }

    #[test]
    fn items_become_terms() {
        for (items, expected) in [
            ("eventName: CreateUser", r#"event-name=~"CreateUser""#),
            ("eventName: [A, B]\nawsRegion: us-*", r#"event-name=~"A","B" region=~"us-*""#),
            ("eventName|startswith: [Put, Delete]", r#"event-name=~"Put*","Delete*""#),
            ("eventSource: iam.amazonaws.com", r#"event-source=~"iam.amazonaws.com""#),
            ("eventSource|startswith: iam", r#"event-source~"(?is)\A(?:iam.*)\z""#),
            ("sourceIPAddress: 10.0.0.0/8", r#"ip~"(?is)\A(?:10\.0\.0\.0/8)\z""#),
            ("sourceIPAddress|cidr: [10.0.0.0/8, 203.0.113.7]", "ip=10.0.0.0/8,203.0.113.7/32"),
            ("errorCode: null", "not error=*"),
            ("errorCode|exists: true", "error=*"),
            ("errorCode: ''", r#"record.errorCode=~"""#),
            ("errorCode: [AccessDenied, '']", r#"error=~"AccessDenied" or record.errorCode=~"""#),
            ("readOnly: 'false'", "read-only=false"),
            ("requestParameters|contains|all: [a, b]", r#"requestParameters=~"*a*" requestParameters=~"*b*""#),
            ("requestParameters.port: 22", r#"requestParameters.port="22","22.0""#),
            ("requestParameters.rate: 1.50", r#"requestParameters.rate="1.50","1.5""#),
            ("requestParameters.port: '22'", r#"requestParameters.port=~"22""#),
            ("requestParameters.x: true", r#"requestParameters.x=~"true""#),
            ("recipientAccountId: 012345678901", r#"account=~"012345678901""#),
            ("requestParameters.name: a?c", r#"requestParameters.name~"(?is)\A(?:a.c)\z""#),
            ("requestParameters.name|cased: Abc", r#"requestParameters.name="Abc""#),
            ("userAgent|re: ^Boto\\d", r#"user-agent~"^Boto\d""#),
            ("userAgent|re|i: kali", r#"user-agent~"(?i)kali""#),
            ("requestParameters.name|neq: x", r#"not requestParameters.name=~"x""#),
            ("'|all': [one, two]", r#"text=~"one" text=~"two""#),
        ] {
            assert_eq!(
                of_selection(items).as_deref().map_err(String::as_str),
                Ok(expected).map(|e: &str| e),
                "{items}"
            );
        }
        assert_eq!(
            of_selection("requestParameters.n|gte: 5").unwrap(),
            r#"requestParameters.n>="5" requestParameters.n~"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$""#
        );
    }

    #[test]
    fn searches_are_lists_maps_and_keywords() {
        let list = "s:\n- eventName: A\n  awsRegion: b\n- eventName: C\nk:\n- one\n- 'two*three'\n- 4\n- a?c\n\
                    condition: s and not k\n";
        assert_eq!(
            compiled(list).unwrap().0,
            r#"(event-name=~"A" region=~"b" or event-name=~"C") not (text=~"one","two*three","4" or text~"(?is)a.c")"#
        );
        let several = "a:\n  eventName: A\nb:\n  eventName: B\ncondition:\n- a\n- b\n";
        assert_eq!(compiled(several).unwrap().0, r#"event-name=~"A" or event-name=~"B""#);
    }

    #[test]
    fn fields_of_no_record_never_match_and_are_named() {
        let text = "s:\n  Image: x\n  eventName: y\nf:\n  CommandLine: z\n  Image: null\ncondition: s or not f\n";
        let (lookup, unknown) = compiled(text).unwrap();
        assert_eq!((lookup.as_str(), unknown.join(" ")), ("event-id=*", "Image CommandLine".to_owned()));
        assert_eq!(compiled("s:\n  Image: x\ncondition: s\n").unwrap().0, "not event-id=*");
        assert_eq!(
            compiled("s:\n  Image|exists: false\n  eventName: a\ncondition: s\n").unwrap().0,
            r#"event-name=~"a""#
        );
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (items, problem) in [
            ("userIdentity.arn|fieldref: requestParameters.x", "userIdentity.arn: the modifier `fieldref`"),
            ("userAgent|base64: x", "`base64`"),
            ("requestParameters|re: x", "on a whole object"),
            ("requestParameters|cidr: 10.0.0.0/8", "on a whole object"),
            ("sourceIPAddress|cidr: x", "`x` is not a network"),
            ("userAgent|re: (", "invalid regular expression"),
            ("eventName: []", "has no value"),
            ("eventName:\n  a: b", "a list or a map"),
            ("eventName|exists: 3", "true or false"),
            ("requestParameters.n|gt: x", "needs a number"),
            ("'|startswith': x", "needs a field"),
        ] {
            assert!(of_selection(items).unwrap_err().contains(problem), "{items}");
        }
        assert!(compiled("s:\n  eventName: x\n").unwrap_err().contains("no condition"));
        assert!(compiled("s: {}\ncondition: s\n").is_err());
    }
}
