//! Operations of the contact form.

use accunode_db::Timestamp;
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::service::{self, Form};
use crate::{
    http::{
        auth::{Can, Public, grant::ContactTest},
        body::{Fields, Query},
        problem::ApiResult,
    },
    state::AppState,
};

/// A filled-in contact form. Lengths count once what cannot be printed is taken out.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewMessage {
    /// Letters, digits, blanks and `- . ,`; everything else is left out.
    #[schema(min_length = 2, max_length = 100)]
    name: String,
    /// Where the answer goes.
    #[schema(format = Email)]
    email: String,
    /// One line.
    #[schema(min_length = 5, max_length = 200)]
    subject: String,
    /// May have several lines.
    #[schema(min_length = 10, max_length = 2000)]
    message: String,
}

/// What was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Submitted {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// To refer to later.
    pub reference_id: String,
}

/// Write to the operator. The message is kept, and mailed in the background.
#[utoipa::path(
    post, path = "/contact/submit", tag = "contact", request_body = NewMessage,
    responses(
        (status = OK, body = Submitted),
    )
)]
pub async fn submit(
    State(state): State<AppState>,
    public: Public,
    headers: HeaderMap,
    mut fields: Fields,
) -> ApiResult<Json<Submitted>> {
    let form = Form {
        name: fields.cleaned_text("name", 2..=100, service::name),
        email: fields.email("email"),
        subject: fields.cleaned_text("subject", 5..=200, service::line),
        message: fields.cleaned_text("message", 10..=2_000, service::text),
    };
    let form = fields.finish(form)?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let reference_id = service::submit(&state, &public.origin, user_agent, form).await?;
    let message = "Thank you for your message. We will get back to you soon.".to_owned();
    Ok(Json(Submitted { success: true, message, reference_id }))
}

/// How mail is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailService {
    /// `smtp`, or `folder` where mails are kept as files.
    pub kind: String,
    /// Whether a mail server is set.
    pub configured: bool,
    /// Who gets the messages of the contact form.
    pub contact_to: String,
    /// What the subjects of those mails begin with.
    pub subject_prefix: String,
}

/// Whether mail can be sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmtpTest {
    /// Whether connection and login work, or the folder can be written.
    pub success: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The mail settings, tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailTest {
    /// The settings, without secrets.
    pub email_service: EmailService,
    /// The outcome.
    pub smtp_test: SmtpTest,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// Try the mail settings without sending anything.
#[utoipa::path(
    get, path = "/contact/test-email", tag = "contact", security(("bearer" = [])),
    responses(
        (status = OK, body = MailTest),
    )
)]
pub async fn test_email(State(state): State<AppState>, _caller: Can<ContactTest>) -> Json<MailTest> {
    Json(service::test(&state).await)
}

/// Whom to send a test mail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TestParams {
    /// An e-mail address.
    #[param(required = true, value_type = String)]
    test_email: Option<String>,
}

/// How the test mail went.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestSent {
    /// Whether it was sent.
    pub success: bool,
    /// One sentence; the reason when it was not sent.
    pub message: String,
    /// Stands in the mail.
    pub reference_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// Send a test mail that looks like one of the contact form.
#[utoipa::path(
    post, path = "/contact/test-send", tag = "contact", params(TestParams), security(("bearer" = [])),
    responses(
        (status = OK, description = "Tried; `success` tells whether it was sent", body = TestSent),
    )
)]
pub async fn test_send(
    State(state): State<AppState>,
    caller: Can<ContactTest>,
    Query(params): Query<TestParams>,
) -> ApiResult<Json<TestSent>> {
    Ok(Json(service::test_send(&state, &caller, params.test_email).await?))
}
