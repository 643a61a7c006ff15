//! One record as CloudTrail writes it.

use std::fmt::Write;

use super::actors::{Place, REGIONS, Session};
use super::calls::Call;
use super::rng::{Rng, hash, mix};
use super::slots::Scene;

/// Unix seconds as CloudTrail writes an instant.
pub fn instant(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to civil date, by Howard Hinnant's chrono algorithms, for years from 1970 on.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Writes the record of a call. `actor` is the number that who does it comes from, `event` the one of everything else.
pub fn write(place: Place, call: &Call, (actor, event): (u64, u64), out: &mut String) {
    let actor = place.actor(call.who, call.name, &mut Rng::new(&[actor]));
    let mut rng = Rng::new(&[event]);
    let target = place.target(&mut rng);
    let scene = Scene { place, event, actor: &actor, target: &target };
    let error = error(&scene, call, &mut rng);

    out.push_str(r#"{"eventVersion":"1."#);
    out.push_str(if place.time < 1_709_000_000 { "09" } else { "10" });
    out.push_str(r#"","userIdentity":"#);
    identity(&actor, call, out);
    put(out, format_args!(r#","eventTime":"{}""#, instant(place.time)));
    put(out, format_args!(r#","eventSource":"{}.amazonaws.com","eventName":"{}""#, call.source, call.name));
    put(out, format_args!(r#","awsRegion":"{}""#, REGIONS[place.region].0));
    put(out, format_args!(r#","sourceIPAddress":"{}","userAgent":"{}""#, actor.address, actor.agent));
    if let Some((code, message)) = &error {
        if !code.is_empty() {
            put(out, format_args!(r#","errorCode":"{code}""#));
        }
        put(out, format_args!(r#","errorMessage":"{message}""#));
    }
    out.push_str(r#","requestParameters":"#);
    scene.fill(call.request, &mut rng, out);
    out.push_str(r#","responseElements":"#);
    match &error {
        Some(_) if call.name == "ConsoleLogin" => out.push_str(r#"{"ConsoleLogin":"Failure"}"#),
        Some(_) => out.push_str("null"),
        None => scene.fill(call.response, &mut rng, out),
    }
    additional(call, &actor, &mut rng, out);
    ids(call, &actor, &mut rng, out);
    put(out, format_args!(r#","readOnly":{}"#, call.read_only()));
    resources(&scene, call, &mut rng, out);
    tail(place, call, &actor, &mut rng, out);
}

fn put(out: &mut String, value: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(value);
}

fn identity(actor: &Session, call: &Call, out: &mut String) {
    let mut fields = Fields { out, first: true };
    fields.out.push('{');
    fields.text("type", actor.kind);
    fields.text("principalId", &actor.principal_id);
    fields.text("arn", &actor.arn);
    if actor.kind != "AWSService" {
        fields.text("accountId", actor.account);
    }
    if call.source != "signin" {
        fields.text("accessKeyId", &actor.key);
    }
    fields.text("userName", &actor.user_name);
    fields.text("identityProvider", &actor.provider);
    let out = fields.out;
    if actor.created > 0 {
        out.push_str(r#","sessionContext":{"sessionIssuer":{"#);
        if let Some((name, arn, id)) = &actor.issuer {
            put(
                out,
                format_args!(
                    r#""type":"Role","principalId":"{id}","arn":"{arn}","accountId":"{}","userName":"{name}""#,
                    actor.account
                ),
            );
        }
        let created = instant(actor.created);
        put(
            out,
            format_args!(
                r#"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"{}"}}"#,
                actor.mfa
            ),
        );
        out.push_str(if actor.instance { r#","ec2RoleDelivery":"2.0"}"# } else { "}" });
    }
    if !actor.invoked_by.is_empty() {
        let comma = if out.ends_with('{') { "" } else { "," };
        put(out, format_args!(r#"{comma}"invokedBy":"{}""#, actor.invoked_by));
    }
    out.push('}');
}

struct Fields<'a> {
    out: &'a mut String,
    first: bool,
}

impl Fields<'_> {
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let comma = if self.first { "" } else { "," };
            put(self.out, format_args!(r#"{comma}"{name}":"{value}""#));
            self.first = false;
        }
    }
}

/// About one in twelve fails: some callers nearly always with the same call, all others now and then.
fn error(scene: &Scene<'_>, call: &Call, rng: &mut Rng) -> Option<(String, String)> {
    if call.name == "ConsoleLogin" {
        return rng.one_in(8).then(|| (String::new(), "Failed authentication".to_owned()));
    }
    if call.source == "signin" || matches!(scene.actor.kind, "" | "AWSService") {
        return None;
    }
    let habit = mix(&[hash(&scene.actor.arn[..scene.actor.arn.len().min(60)]), hash(call.name)]);
    let fails = if habit.is_multiple_of(20) { rng.below(10) < 7 } else { rng.below(100) < 5 };
    if !fails {
        return None;
    }
    let pick = if habit.is_multiple_of(2) { rng.below(5) } else { 4 + rng.below(4) };
    let (code, template): (&str, &str) = match (call.source, pick) {
        ("ec2", 0..4) => ("Client.UnauthorizedOperation", "You are not authorized to perform this operation."),
        ("ec2", 4) => ("Client.RequestLimitExceeded", "Request limit exceeded."),
        ("ec2", 5) => ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
        ("ec2", _) => ("Client.InvalidInstanceID.NotFound", "The instance ID '<instance>' does not exist"),
        ("s3", 4) => ("NoSuchKey", "The specified key does not exist."),
        ("s3", 5) => ("NoSuchBucketPolicy", "The bucket policy does not exist"),
        ("s3", 6) => ("NoSuchTagSet", "The TagSet does not exist"),
        ("s3", 7) => ("NoSuchBucket", "The specified bucket does not exist"),
        ("s3" | "iam" | "sts" | "autoscaling" | "elasticloadbalancing" | "monitoring" | "sqs" | "rds", 0..4) => {
            ("AccessDenied", "<denied>")
        }
        ("iam", 4..) => ("NoSuchEntityException", "The role with name <t.role> cannot be found."),
        ("dynamodb" | "ecs" | "kms" | "lambda" | "secretsmanager" | "logs", 5) => {
            ("ResourceNotFoundException", "Requested resource not found")
        }
        ("logs", 6..) => ("ResourceAlreadyExistsException", "The specified log group already exists"),
        (_, 4) => ("ThrottlingException", "Rate exceeded"),
        (_, 6) => ("ValidationException", "1 validation error detected: Value '<int>' failed to satisfy constraint"),
        (_, 7) => ("ExpiredToken", "The security token included in the request is expired"),
        _ => ("AccessDeniedException", "<denied>"),
    };
    let mut message = String::new();
    if template == "<denied>" {
        let (service, name) = (call.source, call.name);
        put(
            &mut message,
            format_args!(
                "User: {} is not authorized to perform: {service}:{name} because no identity-based policy allows the \
                 {service}:{name} action",
                scene.actor.arn
            ),
        );
    } else {
        scene.fill(template, rng, &mut message);
    }
    Some((code.to_owned(), message))
}

fn additional(call: &Call, actor: &Session, rng: &mut Rng, out: &mut String) {
    match call.source {
        "s3" => {
            out.push_str(
                r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","#,
            );
            let (sent, received) = match call.name {
                "GetObject" => (1 + rng.tail(1 << 26), 0),
                "PutObject" | "UploadPart" => (0, 1 + rng.tail(1 << 26)),
                _ => (rng.below(4_000), 0),
            };
            put(out, format_args!(r#""bytesTransferredIn":{received},"AuthenticationMethod":"AuthHeader","#));
            out.push_str(r#""x-amz-id-2":""#);
            rng.base64(74, out);
            put(out, format_args!(r#"==","bytesTransferredOut":{sent}}}"#));
        }
        "signin" if call.name == "ConsoleLogin" => {
            let mfa = if actor.mfa { "Yes" } else { "No" };
            put(
                out,
                format_args!(
                    r#","additionalEventData":{{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"{mfa}"}}"#
                ),
            );
        }
        _ => {}
    }
}

fn ids(call: &Call, actor: &Session, rng: &mut Rng, out: &mut String) {
    if call.source == "s3" {
        out.push_str(r#","requestID":""#);
        rng.letters(16, b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", out);
        out.push('"');
    } else if call.source != "signin" && !actor.kind.is_empty() {
        out.push_str(r#","requestID":""#);
        rng.uuid(out);
        out.push('"');
    }
    out.push_str(r#","eventID":""#);
    rng.uuid(out);
    out.push('"');
}

fn resources(scene: &Scene<'_>, call: &Call, rng: &mut Rng, out: &mut String) {
    if call.resources == "-" {
        return;
    }
    out.push_str(r#","resources":["#);
    for (index, resource) in call.resources.split(',').enumerate() {
        let (kind, arn) = resource.split_once('=').unwrap_or_else(|| panic!("{resource}: no TYPE=ARN"));
        out.push_str(if index == 0 { "{" } else { ",{" });
        put(out, format_args!(r#""accountId":"{}","#, scene.place.account_id()));
        if !kind.is_empty() {
            put(out, format_args!(r#""type":"{kind}","#));
        }
        out.push_str(r#""ARN":""#);
        scene.fill(arn, rng, out);
        out.push_str(r#""}"#);
    }
    out.push(']');
}

fn tail(place: Place, call: &Call, actor: &Session, rng: &mut Rng, out: &mut String) {
    let kind = match call.source {
        "signin" => "AwsConsoleSignIn",
        _ if actor.kind.is_empty() => "AwsServiceEvent",
        _ => "AwsApiCall",
    };
    put(out, format_args!(r#","eventType":"{kind}","managementEvent":{}"#, !call.data()));
    put(out, format_args!(r#","recipientAccountId":"{}""#, place.account_id()));
    if matches!(actor.kind, "AWSService" | "AWSAccount") {
        out.push_str(r#","sharedEventID":""#);
        rng.uuid(out);
        out.push('"');
    }
    if actor.address.starts_with("10.") {
        put(
            out,
            format_args!(r#","vpcEndpointId":"vpce-0{:016x}""#, mix(&[place.account as u64, place.region as u64, 4])),
        );
    }
    out.push_str(if call.data() { r#","eventCategory":"Data""# } else { r#","eventCategory":"Management""# });
    if !actor.key.is_empty() && actor.invoked_by.is_empty() && actor.agent != "AWS Internal" {
        put(
            out,
            format_args!(
                r#","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{}.{}.amazonaws.com"}}"#,
                call.source, REGIONS[place.region].0
            ),
        );
    }
    if actor.console && call.source != "signin" {
        out.push_str(r#","sessionCredentialFromConsole":"true""#);
    }
    out.push('}');
}
