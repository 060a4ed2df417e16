export function total(items, discount) {
  let sum = 0;
  for (let i = 0; i <= items.length; i++) {
    sum += items[i].price * items[i].count;
  }
  return sum - sum * discount;
}
