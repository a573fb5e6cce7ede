import type { NameRow } from './names.ts';

/**
 * A small list of common family names, written for isochron: enough to try a
 * model of names where there is neither a file nor a network.
 */
const BY_LANGUAGE: Readonly<Record<string, string>> = {
  English: `Smith Jones Taylor Brown Walker Wright Thompson White Hughes Green
    Wood Harris Clarke Turner Hill Cooper Ward Baker Carter Mitchell Bennett
    Shaw Holmes Palmer`,
  French: `Dubois Durand Leroy Moreau Lefebvre Fournier Girard Bonnet Dupont
    Lambert Fontaine Rousseau Blanc Guerin Boyer Garnier Chevalier Gauthier
    Perrin Morel Lemaire Renard Beaumont Marchand`,
  German: `Müller Schmidt Schneider Fischer Weber Wagner Becker Schulz Hoffmann
    Koch Bauer Richter Klein Schröder Neumann Schwarz Zimmermann Krüger
    Hartmann Lange Werner Krause Lehmann Köhler`,
  Italian: `Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino
    Greco Bruno Gallo Conti Mancini Costa Giordano Rizzo Lombardi Moretti
    Barbieri Fontana Santoro Mariani Rinaldi`,
  Japanese: `Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura
    Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura
    Hayashi Shimizu Saito Mori Ikeda Hashimoto Ishikawa`,
  Polish: `Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski
    Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur
    Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski
    Zając Pawłowski Michalski Nowicki`,
  Russian: `Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov
    Novikov Fedorov Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov
    Kozlov Stepanov Nikolaev Orlov Andreev Makarov Zakharov`,
  Spanish: `García Fernández González Rodríguez López Martínez Sánchez Pérez
    Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero
    Gutiérrez Navarro Domínguez Vázquez Ramírez Castillo`,
};

export const FEW_NAMES: readonly NameRow[] = Object.entries(
  BY_LANGUAGE,
).flatMap(([language, names]) =>
  names.split(/\s+/).map((name) => ({ language, name })),
);
