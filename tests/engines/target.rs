//! A small service that is scraped: counters that go on by the load that it is under, gauges that are set. Two instances of it
//! are two of these.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::fake_http::{FakeHttp, answer};

/// The load from now on.
#[derive(Clone, Copy)]
pub struct Load {
    /// Requests per second that are answered well, that fail, and that are slow.
    pub rates: [f64; 3],
    pub pool: f64,
    pub queue: f64,
    /// It does not show its metrics.
    pub down: bool,
}

pub const CALM: Load = Load { rates: [100.0, 0.0, 2.0], pool: 8.0, queue: 10.0, down: false };

struct State {
    load: Load,
    since: Instant,
    /// What was counted until then.
    counted: [f64; 3],
}

impl State {
    fn counts(&self) -> [f64; 3] {
        let passed = self.since.elapsed().as_secs_f64();
        std::array::from_fn(|at| (self.counted[at] + self.load.rates[at] * passed).floor())
    }
}

pub struct Target {
    server: FakeHttp,
    state: Arc<Mutex<State>>,
}

impl Target {
    pub fn start() -> Target {
        let state = Arc::new(Mutex::new(State { load: CALM, since: Instant::now(), counted: [0.0; 3] }));
        let shown = Arc::clone(&state);
        let server = FakeHttp::start(move |_| {
            let state = shown.lock().unwrap();
            if state.load.down {
                return answer(503, "", "");
            }
            answer(200, "Content-Type: text/plain; version=0.0.4\r\n", page(&state))
        });
        Target { server, state }
    }

    /// Under another load from now on.
    pub fn bears(&self, load: Load) {
        let mut state = self.state.lock().unwrap();
        let counted = state.counts();
        *state = State { load, since: Instant::now(), counted };
    }

    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    pub fn url(&self) -> String {
        self.server.url("/metrics")
    }
}

fn page(state: &State) -> String {
    let [good, bad, slow] = state.counts();
    let Load { pool, queue, .. } = state.load;
    let fast = good + bad;
    format!(
        "# TYPE http_requests_total counter\n\
         http_requests_total{{status=\"200\"}} {good}\nhttp_requests_total{{status=\"500\"}} {bad}\n\
         # TYPE http_request_duration_seconds histogram\n\
         http_request_duration_seconds_bucket{{le=\"0.1\"}} {fast}\n\
         http_request_duration_seconds_bucket{{le=\"1\"}} {fast}\n\
         http_request_duration_seconds_bucket{{le=\"5\"}} {all}\n\
         http_request_duration_seconds_bucket{{le=\"+Inf\"}} {all}\n\
         http_request_duration_seconds_sum {sum}\nhttp_request_duration_seconds_count {all}\n\
         # TYPE db_connection_pool_available gauge\ndb_connection_pool_available {pool}\n\
         # TYPE webhook_queue_depth gauge\nwebhook_queue_depth {queue}\n",
        all = fast + slow,
        sum = fast * 0.05 + slow * 2.0,
    )
}
