//! Three equations at a time.

/// A symmetric matrix over three unknowns.
pub(super) type Matrix = [[f64; 3]; 3];

/// The lower triangular root of a symmetric, positive definite matrix.
pub(super) struct Cholesky(Matrix);

impl Cholesky {
    /// `None` if the matrix is not positive definite, or not finite.
    pub(super) fn of(matrix: &Matrix) -> Option<Self> {
        let mut root = [[0.0; 3]; 3];
        for row in 0..3 {
            for column in 0..=row {
                let rest = matrix[row][column] - (0..column).map(|k| root[row][k] * root[column][k]).sum::<f64>();
                root[row][column] = if row == column {
                    positive_root(rest)?
                } else {
                    rest / root[column][column]
                };
            }
        }
        Some(Cholesky(root))
    }

    /// The solution of `matrix · x = right`.
    pub(super) fn solve(&self, right: [f64; 3]) -> [f64; 3] {
        let Cholesky(root) = self;
        let mut solution = right;
        for row in 0..3 {
            let known: f64 = (0..row).map(|k| root[row][k] * solution[k]).sum();
            solution[row] = (solution[row] - known) / root[row][row];
        }
        for row in (0..3).rev() {
            let known: f64 = (row + 1..3).map(|k| root[k][row] * solution[k]).sum();
            solution[row] = (solution[row] - known) / root[row][row];
        }
        solution
    }
}

fn positive_root(square: f64) -> Option<f64> {
    (square > 0.0 && square.is_finite()).then(|| square.sqrt())
}
