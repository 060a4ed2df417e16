export async function withRetry(action, attempts = 3) {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return action();
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
