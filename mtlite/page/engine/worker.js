// The worker of a page: models compute here, so that the page never freezes.

import { Answering } from "./answering.js";

const answering = new Answering((answer) => self.postMessage(answer));
self.onmessage = ({ data }) => answering.receive(data);
