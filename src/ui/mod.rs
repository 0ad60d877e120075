//! Floor 5: model to cells. Drawing is a pure function of model, theme and area.
