/** `isochron/data`: examples to train on, and NPY files. */

export { npyBytes, readNpy } from '../formats/npy.ts';
export {
  type Examples,
  imageExamples,
  nameExamples,
  type TrainingData,
  textExamples,
} from './examples.ts';
