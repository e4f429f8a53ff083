//! Who saves, as SWISH says it, and as other nodes believe it.

use axum::http::{HeaderMap, Method, request::Parts};
use domain::words::SwishState;

use super::*;

/// `ann:x` and `bob:x` in HTTP's basic way.
const ANN: &str = "Basic YW5uOng=";
const BOB: &str = "Basic Ym9iOng=";

/// How a SWISH treats those it does not know.
#[derive(Clone, Copy, PartialEq)]
enum Strangers {
    Visit,
    LogIn,
}

fn user(headers: &HeaderMap) -> Option<&'static str> {
    match headers.get(header::AUTHORIZATION)?.to_str().ok()? {
        ANN => Some("ann"),
        BOB => Some("bob"),
        _ => None,
    }
}

fn challenge() -> Response {
    let how = [(header::WWW_AUTHENTICATE, "Basic realm=\"SWISH user\"")];
    (StatusCode::UNAUTHORIZED, how, "who are you?").into_response()
}

async fn user_info(headers: HeaderMap) -> Response {
    match (user(&headers), headers.contains_key(header::AUTHORIZATION)) {
        (Some(user), _) => Json(json!({ "user": user, "name": "A name" })).into_response(),
        (None, true) => challenge(),
        (None, false) => Json(Value::Null).into_response(),
    }
}

/// A SWISH that knows Ann and Bob.
async fn with_users(strangers: Strangers) -> SwishUrl {
    let config = async move |headers: HeaderMap| match user(&headers) {
        None if strangers == Strangers::LogIn => challenge(),
        _ => Json(json!({})).into_response(),
    };
    let router = Router::new()
        .route("/user_info", any(user_info))
        .route("/http_logout", any(async || challenge()))
        .route("/swish_config.json", any(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// A node beside it that has seen it answer.
async fn node(url: SwishUrl) -> Swish {
    let mut swish = start(url, Stop::new());
    swish.state.wait_for(|state| *state == SwishState::Up).await.unwrap();
    swish
}

fn save(headers: &[(&'static str, &str)]) -> Parts {
    let mut request = Request::builder().method(Method::PUT).uri("/p/a.pl");
    request = request.header("host", "swish.example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

async fn identity(swish: &Swish, headers: &[(&'static str, &str)]) -> Result<Option<String>, u16> {
    let who = swish.who(&save(headers)).await;
    who.map(|login| login.map(|it| it.identity)).map_err(|answer| answer.status().as_u16())
}

/// Asks for a path as a page does, and takes the cookie that comes with the answer.
async fn page(swish: &Swish, path: &str, headers: &[(&str, &str)]) -> (String, Option<String>) {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = ask(swish, request.body(Body::empty()).unwrap()).await;
    let line = answer.headers().get(header::SET_COOKIE).map(|it| it.to_str().unwrap().to_owned());
    (text(answer).await, line.map(|line| line.split(';').next().unwrap().to_owned()))
}

#[tokio::test]
async fn credentials_of_http_are_judged_by_swish() {
    let swish = node(with_users(Strangers::Visit).await).await;
    assert_eq!(identity(&swish, &[]).await, Ok(None));
    assert_eq!(identity(&swish, &[("authorization", ANN)]).await, Ok(Some("local:ann".into())));
    assert_eq!(identity(&swish, &[("authorization", "Basic eDp4")]).await, Err(401));
    // A page of another site cannot act as whoever looks at it.
    let foreign = [("authorization", ANN), ("origin", "http://evil.example.org")];
    assert_eq!(identity(&swish, &foreign).await, Ok(None));
}

#[tokio::test]
async fn a_login_goes_with_the_browser_to_other_nodes_until_it_ends() {
    let here = node(with_users(Strangers::Visit).await).await;
    let (info, cookie) = page(&here, "/user_info?reason=login", &[("authorization", ANN)]).await;
    assert!(info.contains("\"ann\""), "{info}");
    let cookie = cookie.unwrap();
    let as_ann = [("cookie", cookie.as_str())];
    assert_eq!(identity(&here, &as_ann).await, Ok(Some("local:ann".into())));

    // The other node's SWISH knows nobody, or does not answer at all.
    let other = node(with_users(Strangers::Visit).await).await;
    assert_eq!(identity(&other, &as_ann).await, Ok(Some("local:ann".into())));
    let (info, _) = page(&other, "/user_info?reason=startup", &as_ann).await;
    assert!(info.contains("\"ann\""), "the page shows who saves: {info}");
    let alone = start("http://127.0.0.1:1".parse().unwrap(), Stop::new());
    assert_eq!(identity(&alone, &as_ann).await, Ok(Some("local:ann".into())));
    let stale = [("cookie", cookie.as_str()), ("authorization", "Digest username=\"ann\", nc=1")];
    assert_eq!(identity(&other, &stale).await, Ok(Some("local:ann".into())));

    // Nobody else becomes Ann by it, and SWISH's word counts more.
    let bob = [("cookie", cookie.as_str()), ("authorization", BOB)];
    assert_eq!(identity(&other, &bob).await, Ok(Some("local:bob".into())));
    let other_user = [("cookie", cookie.as_str()), ("authorization", "Digest username=\"bob\"")];
    assert_eq!(identity(&other, &other_user).await, Err(401));

    for path in ["/user_info?reason=logout_by_http", "/http_logout"] {
        let (_, ended) = page(&here, path, &as_ann).await;
        let ended = ended.unwrap();
        assert_eq!(identity(&here, &[("cookie", &ended)]).await, Ok(None), "{path}");
    }
}

#[tokio::test]
async fn where_swish_shows_nothing_to_strangers_the_node_does_not_either() {
    let swish = node(with_users(Strangers::LogIn).await).await;
    assert_eq!(swish.admit(&save(&[])).await.unwrap_err().status(), StatusCode::UNAUTHORIZED);
    let answer = swish.who(&save(&[])).await.unwrap_err();
    assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
    assert!(swish.admit(&save(&[("authorization", ANN)])).await.is_ok());
}

#[tokio::test]
async fn nobody_is_taken_for_a_visitor_because_swish_does_not_answer() {
    let alone = start("http://127.0.0.1:1".parse().unwrap(), Stop::new());
    assert_eq!(identity(&alone, &[]).await, Ok(None));
    assert_eq!(identity(&alone, &[("authorization", ANN)]).await, Err(503));
}
