/** Takes what is found on the way: a list of problems, also of a list that takes others too. */
export interface Sink<T> {
  push(item: T): unknown;
}
