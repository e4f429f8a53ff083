//! The program that runs beside every SWISH server: gateway, dashboard, links and the drivers of
//! the cores.

pub mod app;
mod audit;
pub mod cli;
pub mod config;
pub mod dashboard;
pub mod db;
pub mod error;
mod front;
pub mod gateway;
pub mod hub;
pub mod node;
pub mod operators;
pub mod search;
pub mod shutdown;
pub mod telemetry;
