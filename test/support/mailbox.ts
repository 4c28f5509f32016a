/** Collects what arrives and hands it out to whoever waits, so that tests wait for things and not for time. */
export class Mailbox<T> {
  readonly all: T[] = [];
  readonly #waiting: { wanted: (item: T) => boolean; resolve: (item: T) => void }[] = [];

  readonly put = (item: T): void => {
    this.all.push(item);
    for (const waiter of this.#waiting.filter(({ wanted }) => wanted(item))) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve(item);
    }
  };

  /** The first item that is wanted, among those that have arrived (from index `since`) or the next to arrive. */
  wait(wanted: (item: T) => boolean = () => true, since = 0): Promise<T> {
    const found = this.all.slice(since).find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }
}
