"""Words: the names of columns and files in plain words of one language, so that a role is told by few patterns."""

import re
import unicodedata
from functools import cache

__all__ = ["has", "words_of"]

# A plain word, and how names say it in English, German, French, Spanish, and some in Swedish, Dutch and Italian.
SAID = """
customer: customers cust cst client clients kunde kunden kundin cliente clientes acheteur abnehmer shopper buyer
customer: kund kunder klant klanten
account: accounts acct konto cuenta compte
contact: contacts kontakt kontakte contacto contactos requester
member: members mitglied mitglieds mitglieder miembro miembros membre membres patient donor constituent
member: supporter subscriber player student tenant policyholder insured guest passenger
user: users benutzer nutzer usuario utilisateur visitor
company: companies firma empresa organisation organization
household: households hshd haushalt
email: mail emails courriel correo epost mailadresse emailadresse
phone: telefon telephone telefono mobile
id: ids no nr num number nummer numero key code codigo uid guid uuid ref kennung identifier identificador sk pk
order: orders ordered ordernumber bestellung bestellungen bestell bestellt auftrag commande commandes pedido pedidos
order: bestallning bestallningar bestelling bestellingen
invoice: faktura fakturor factuur facturen fattura fatture
invoice: invoices rechnung rechnungs rechnungen facture factures factura facturas bill
transaction: transactions txn trans transaktion transaccion
basket: cart warenkorb panier cesta
receipt: receipts slip till beleg belege bon bons kassenbon kassenbons recibo recibos recu recus
sale: sales verkauf verkaufs vente ventes venta ventas
purchase: purchases purchased kauf kaufs einkauf einkaeufe einkaufe achat achats compra compras buy bought
charge: charges charged cobro cobros
payment: payments zahlung zahlungs zahlungen paiement paiements pago pagos
deal: deals opportunity opportunities opp
date: datum fecha dt day tag jour dia
time: zeit uhrzeit heure hora
timestamp: ts datetime zeitpunkt zeitstempel
created: create creation erstellt angelegt cree creado creada placed began begun
updated: update modified changed modifie geaendert geandert actualizado systemmodstamp
amount: amt betrag montant importe monto belopp bedrag importo
total: summe gesamt gesamtbetrag gesamtsumme totals
last: letzte letzter letzten letztes derniere dernier ultima ultimo zuletzt
spent: gastado depense depenses gasto ausgegeben
price: pris prijs prezzo preco preis prix precio einzelpreis stueckpreis
quantity: qty quantities units pieces antal aantal quantidade menge anzahl stueck quantite cantidad
item: articolo artikelen
item: items lineitem product products produkt artikel article articles sku stock produit producto articulo goods
category: categories cat kategori kategorie categorie categoria department warengruppe
revenue: umsatz umsatze umsaetze ingresos ca
paid: bezahlt paye pagado
discount: discounts rabatt remise descuento nachlass
tax: taxes mwst ust steuer tva iva vat impuesto gst
cost: costs kosten cout costo coste cogs
shipping: versand versandkosten freight postage envio livraison delivery port
refund: refunds refunded refunding erstattung erstattungs ruckzahlung ruckzahlungs erstattet reembolso
refund: remboursement
return: returns returned retoure retour retouren retours devolucion devoluciones
margin: marge margen
profit: gewinn benefice beneficio
channel: kanal canal
direction: richtung sens sentido direccion
currency: ccy cur waehrung wahrung devise moneda
state: zustand etat estado
status: sts statut
stage: phase
ticket: tickets incidencia incidencias arenden stoerungen stoerung
case: cases
campaign: campaigns kampagne kampagnen campagne campagnes campana campanas
visit: visits besuch besuche visite visites visita visitas
activity: activities engagement engagements interaction interactions
subscription: subscriptions abo abos abonnement abonnements abonnemang abonnementen abbonamento abbonamenti assinatura
subscription: suscripcion suscripciones assinaturas
membership: memberships mitgliedschaft mitgliedschaften adhesion adhesions
contract: contracts vertrag vertrags vertraege vertrage contrat contrats contrato contratos avtal
policy: policies poliza polizas police polices
tariff: tariffs tarif tarife tarifa tarifs
start: starts started inicio alta debut beginn anfang startdatum
end: ends ended baja fin ende einde slut termino enddatum slutdatum
cancelled: canceled kuendigung kundigung kuendigungs kundigungs gekundigt gekuendigt uppsagd uppsagning
cancelled: resiliation resilie opgezegd cancelacion
fee: fees gebuehr gebuhr cuota avgift
month: months monthly monat monats monatlich mensual mes mois mensuel mensuelle manad manads maandelijks
year: years yearly annual annually jahr jahres jaehrlich anual annuel annuelle
family: famille familia familie
description: designation libelle descripcion beschreibung omschrijving beskrivning descrizione
review: reviews bewertung
lead: leads
event: events ereignis
line: lines zeile position positions ligne linea detail details
type: types typ typer tipo art belegart vorgangsart
topic: topics subject thema themen tema sujet asunto assunto oggetto onderwerp betreff anliegen
reason: reasons grund motif motivo raison razon
request: requests anfrage anfragen demande solicitud arende
net: netto neto ht
gross: brutto brut bruto ttc
name: names vorname nachname nom nombre bezeichnung
"""
# Words that names are made of beside these, so that what is written in one piece can be taken apart.
OTHERS = """
at on of the in is utc gmt unique record first last full billing shipped approved delivered cancelled canceled closed
close start end begin event unit value type kind source method reference row grand sub subtotal collected converted
base fee tip valid from since birth count spent spend group
"""


TAXED = (
    r"(?<![a-z])(?:inc|incl|including|included|inclusive|ex|excl|excluding|exclusive|with|without|before|after)"
    r"\.?[ _]tax(?:es)?\b"
)


def words_of(name: str) -> str:
    """Return the name of a column or file as plain words.

    >>> words_of("customerID"), words_of("InvoiceNo"), words_of("Rechnungsdatum"), words_of("order_purchase_timestamp")
    ('customer id', 'invoice id', 'invoice date', 'order purchase timestamp')
    """
    text = unicodedata.normalize("NFKD", re.sub("ß", "ss", name))
    text = "".join(sign for sign in text if not unicodedata.combining(sign)).replace("#", " number ").replace("°", "o")
    text = re.sub(r"IDs\b", "Ids", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)", " ", text)
    text = re.sub(TAXED, "", text.lower())
    tokens = re.sub(r"[^a-z0-9%]+", " ", re.sub(r"\be[-_ ]?mail", "email", text)).split()
    return " ".join(word for token in tokens for word in _parts(token))


def has(words: str, pattern: str) -> bool:
    """Check whether words hold one of some, each whole.

    >>> has("order total", "total|sum"), has("subtotal", "total")
    (True, False)
    """
    return bool(re.search(rf"\b(?:{pattern})\b", words))


@cache
def _plain() -> dict[str, str]:
    lines = [line.partition(":") for line in SAID.strip().split("\n")]
    said = {variant: word for word, _, variants in lines for variant in (word, *variants.split())}
    return {other: other for other in OTHERS.split()} | said


def _parts(token: str) -> tuple[str, ...]:
    """Return a token as plain words: as one of them, or as several that stand together without a sign between."""
    plain = _plain()
    if token in plain:
        return (plain[token],)
    best = _split(token, len(token))
    return best if best else (token,)


def _split(token: str, end: int) -> tuple[str, ...]:
    """Return the fewest plain words of which the beginning of a token is made, or none."""
    plain = _plain()
    ways: list[tuple[str, ...] | None] = [()] + [None] * end
    for stop in range(1, end + 1):
        for start in range(max(0, stop - 16), stop):
            before, piece = ways[start], token[start:stop]
            if before is None or piece not in plain or len(piece) < 2:
                continue
            way = (*before, plain[piece])
            known = ways[stop]
            if known is None or len(way) < len(known):
                ways[stop] = way
    return ways[end] or ()
