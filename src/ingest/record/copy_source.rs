//! The source of a copy inside S3, as `x-amz-copy-source` writes it.

/// Returns the resources of a copy's source, each with its type: the bucket and the object, or the access point, whose
/// type its ARN gives.
pub(crate) fn resources(header: &str, region: &str) -> Vec<(String, Option<&'static str>)> {
    let Some(decoded) = percent_decoded(header) else { return Vec::new() };
    // A key may contain `?`, so only the version is cut off.
    let source = decoded.split("?versionId=").next().unwrap_or_default().trim_start_matches('/');
    if let Some((access_point, _)) = source.split_once("/object/").filter(|_| source.starts_with("arn:")) {
        return vec![(access_point.to_owned(), None)];
    }
    let (partition, path) = match source.strip_prefix("arn:").and_then(|rest| rest.split_once(":s3:::")) {
        Some((partition, path)) => (partition, path),
        None => (partition_of(region), source),
    };
    match path.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !bucket.contains(':') => vec![
            (bucket.to_owned(), Some("AWS::S3::Bucket")),
            (format!("arn:{partition}:s3:::{bucket}/{key}"), Some("AWS::S3::Object")),
        ],
        _ => Vec::new(),
    }
}

/// Returns the partition of a Region, as ARNs name it.
fn partition_of(region: &str) -> &'static str {
    match region {
        china if china.starts_with("cn-") => "aws-cn",
        government if government.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Decodes `%2F` and its like; what is not two digits stays as it is. `None` if the result is not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        match byte.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::resources;

    fn texts(header: &str, region: &str) -> Vec<String> {
        resources(header, region).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_source_is_a_bucket_and_an_object_however_it_is_written() {
        for header in [
            "acme/path/k 1",
            "/acme/path/k 1?versionId=abc",
            "acme%2Fpath%2fk%201",
            "%2Facme/path/k%201",
            "arn:aws:s3:::acme/path/k 1",
        ] {
            assert_eq!(texts(header, "us-east-1"), ["acme", "arn:aws:s3:::acme/path/k 1"], "{header}");
        }
        assert_eq!(texts("acme/100%", "cn-north-1"), ["acme", "arn:aws-cn:s3:::acme/100%"]);
        assert_eq!(texts("acme/a?b", "us-gov-west-1"), ["acme", "arn:aws-us-gov:s3:::acme/a?b"]);
    }

    #[test]
    fn a_source_behind_an_access_point_is_the_access_point() {
        let header = "arn%3Aaws%3As3%3Aus-west-2%3A111122223333%3Aaccesspoint%2Fap%2Fobject%2Fa%2Fb";
        assert_eq!(texts(header, "us-west-2"), ["arn:aws:s3:us-west-2:111122223333:accesspoint/ap"]);
    }

    #[test]
    fn other_texts_name_nothing() {
        for header in ["", "/", "acme", "acme/", "/?versionId=1", "%ff/k", "arn:aws:s3:::", "arn:aws:x:y"] {
            assert!(texts(header, "us-east-1").is_empty(), "{header}");
        }
    }
}
