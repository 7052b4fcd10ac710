//! Against a service in this process that answers as ECS does.

use std::{collections::VecDeque, sync::Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::net::TcpListener;

use super::*;

type Asked = (HeaderMap, String);

/// What it is going to answer, and what it was asked.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Answers these, and then nothing more but 500.
    async fn start(answers: &[(u16, &'static str)]) -> (Self, EcsService) {
        let fake = Self { answers: Arc::new(Mutex::new(answers.to_vec().into())), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer)).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (fake, service(&endpoint))
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(fake): State<Fake>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    fake.asked.lock().unwrap().push((headers, body));
    let (status, body) = fake.answers.lock().unwrap().pop_front().unwrap_or((500, "{}"));
    (StatusCode::from_u16(status).unwrap(), body)
}

fn service(endpoint: &str) -> EcsService {
    let settings = EcsSettings {
        region: "eu-west-1".to_owned(),
        cluster: "main".to_owned(),
        service: "worker".to_owned(),
    };
    EcsService::at(endpoint, ("AKIDEXAMPLE", "the-secret", Some("the-session")), settings)
}

const THREE: &str = r#"{"services":[{"serviceName":"worker","status":"ACTIVE","desiredCount":3,"runningCount":2}],
                        "failures":[]}"#;
const UPDATED: &str = r#"{"service":{"serviceName":"worker","status":"ACTIVE","desiredCount":5}}"#;
const THROTTLED: &str = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[tokio::test]
async fn calls_are_signed_and_say_what_they_mean() {
    let (fake, service) = Fake::start(&[(200, THREE), (200, UPDATED)]).await;
    assert_eq!(service.desired().await.unwrap(), 3);
    service.set_desired(5).await.unwrap();
    let asked = fake.asked();
    let target = |call: &Asked| text(&call.0, "x-amz-target").to_owned();
    let prefix = "AmazonEC2ContainerServiceV20141113";
    assert_eq!(
        asked.iter().map(target).collect::<Vec<_>>(),
        [format!("{prefix}.DescribeServices"), format!("{prefix}.UpdateService")]
    );
    for (headers, body) in &asked {
        assert_eq!(text(headers, "content-type"), "application/x-amz-json-1.1");
        assert_eq!(text(headers, "x-amz-security-token"), "the-session");
        let signed = text(headers, "authorization");
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{signed}");
        assert!(signed.contains("/eu-west-1/ecs/aws4_request"), "{signed}");
        assert!(!format!("{headers:?}{body}").contains("the-secret"));
    }
    assert_eq!(asked[0].1, r#"{"cluster":"main","services":["worker"]}"#);
    assert_eq!(asked[1].1, r#"{"cluster":"main","service":"worker","desiredCount":5}"#);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_scaled() {
    let nothing =
        r#"{"services":[],"failures":[{"arn":"arn:aws:ecs:x:123:service/worker","reason":"MISSING"}]}"#;
    let leaving = r#"{"services":[{"serviceName":"worker","status":"DRAINING","desiredCount":0}]}"#;
    for answer in [nothing, leaving] {
        let (_, service) = Fake::start(&[(200, answer)]).await;
        let error = service.desired().await.unwrap_err();
        assert!(matches!(&error, ScalerError::NoService(name) if name == "worker"), "{error}");
    }
    let gone = r#"{"__type":"ServiceNotFoundException","message":"Service not found."}"#;
    let (fake, service) = Fake::start(&[(400, gone)]).await;
    let error = service.set_desired(4).await.unwrap_err();
    assert!(matches!(&error, ScalerError::Refused(code) if code == "ServiceNotFoundException"), "{error}");
    assert_eq!(fake.asked().len(), 1, "what is refused is not asked again");
}

#[tokio::test]
async fn a_refusal_names_its_code_and_no_account() {
    let denied = r#"{"__type":"AccessDeniedException",
                     "message":"User: arn:aws:sts::123456789012:assumed-role/x is not authorized"}"#;
    let (_, service) = Fake::start(&[(400, denied)]).await;
    let error = service.desired().await.unwrap_err().to_string();
    assert_eq!(error, "refused with AccessDeniedException");
}

#[tokio::test]
async fn throttled_calls_are_tried_again_a_few_times() {
    let (fake, service) = Fake::start(&[(400, THROTTLED), (400, THROTTLED), (200, THREE)]).await;
    assert_eq!(service.desired().await.unwrap(), 3);
    assert_eq!(fake.asked().len(), 3);
    let (fake, service) = Fake::start(&[(400, THROTTLED); 5]).await;
    let error = service.set_desired(3).await.unwrap_err();
    assert!(matches!(&error, ScalerError::Refused(code) if code == "ThrottlingException"), "{error}");
    assert_eq!(fake.asked().len(), MOST_TRIES as usize);
}

#[tokio::test]
async fn what_cannot_be_read_is_no_answer() {
    let (_, broken) = Fake::start(&[(200, "<html>")]).await;
    assert!(matches!(broken.desired().await, Err(ScalerError::NoAnswer)));
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(service(&endpoint).desired().await, Err(ScalerError::NoAnswer)));
    assert!(matches!(service(&endpoint).set_desired(i64::MAX).await, Err(ScalerError::Settings(_))));
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let printed = format!("{:?}", service("http://127.0.0.1:1"));
    assert_eq!(printed, r#"EcsService { cluster: "main", service: "worker", .. }"#);
}
