// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/filter_expression.h"

#include <QCoreApplication>
#include <QList>

namespace halftone::app {

struct FilterExpression::Node {
    enum class Kind { And, Or, Not, Word, Number, Text } kind{};
    std::shared_ptr<const Node> left, right;
    QString name;       ///< Number, Text
    QString operation;  ///< Number, Text
    QString text;       ///< Word, Text
    double number = 0;
    int rank = 0;  ///< Number: compared with the largest but so many; 0: with `number`
};

namespace {

using Node = FilterExpression::Node;
using NodePointer = std::shared_ptr<const Node>;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Filter)
};

struct Token {
    enum class Kind { Word, Quoted, Operator, And, Or, Not, Open, Close, End } kind{};
    QString text;
    int position = 0;
};

bool isOperatorCharacter(QChar c) {
    return QStringLiteral("=<>!~").contains(c);
}
bool isWordCharacter(QChar c) {
    return !c.isSpace() && !QStringLiteral("=<>!~&|()\"").contains(c);
}

class Lexer {
  public:
    explicit Lexer(const QString& text) : m_text(text) {}

    Token next() {
        while (m_at < m_text.size() && m_text[m_at].isSpace()) ++m_at;
        const int start = m_at;
        if (m_at >= m_text.size()) return {Token::Kind::End, {}, start};
        const QChar c = m_text[m_at];
        if (c == '(') return take(Token::Kind::Open, 1);
        if (c == ')') return take(Token::Kind::Close, 1);
        if (c == '&') return take(Token::Kind::And, follows('&') ? 2 : 1);
        if (c == '|') return take(Token::Kind::Or, follows('|') ? 2 : 1);
        if (c == '!' && !follows('=')) return take(Token::Kind::Not, 1);
        if (c == '"') return quoted();
        if (isOperatorCharacter(c)) return take(Token::Kind::Operator, follows('=') ? 2 : 1);
        while (m_at < m_text.size() && isWordCharacter(m_text[m_at])) ++m_at;
        return {Token::Kind::Word, m_text.mid(start, m_at - start), start};
    }

  private:
    [[nodiscard]] bool follows(char c) const { return m_at + 1 < m_text.size() && m_text[m_at + 1] == QLatin1Char(c); }
    Token take(Token::Kind kind, int length) {
        Token token{kind, m_text.mid(m_at, length), m_at};
        m_at += length;
        return token;
    }
    Token quoted() {
        const int start = m_at++;
        const auto end = m_text.indexOf('"', m_at);
        const QString inner = m_text.mid(m_at, end < 0 ? -1 : end - m_at);
        m_at = end < 0 ? int(m_text.size()) : int(end) + 1;
        return {Token::Kind::Quoted, inner, start};
    }

    const QString m_text;
    int m_at = 0;
};

std::optional<double> parseNumber(QString text) {
    double factor = 1;
    if (text.endsWith('k')) factor = 1e3;
    if (text.endsWith('M')) factor = 1e6;
    if (text.endsWith('G')) factor = 1e9;
    if (factor != 1) text.chop(1);
    bool ok = false;
    const double value = text.toDouble(&ok);
    return ok ? std::optional(value * factor) : std::nullopt;
}

/// "#10": 10.
std::optional<int> parseRank(const QString& text) {
    constexpr int kMostRank = 1'000'000;
    if (!text.startsWith('#')) return std::nullopt;
    bool ok = false;
    const int rank = text.mid(1).toInt(&ok);
    return ok && rank >= 1 && rank <= kMostRank ? std::optional(rank) : std::nullopt;
}

/// Recursive descent; the first problem ends it.
class Parser {
  public:
    Parser(const QString& text, const FilterExpression::FieldLookup& fields) : m_lexer(text), m_fields(fields) {
        advance();
    }

    NodePointer parse() {
        if (m_token.kind == Token::Kind::End) return nullptr;
        auto node = parseOr();
        if (!m_problem && m_token.kind != Token::Kind::End)
            fail(Texts::tr("“%1” is not expected here.").arg(m_token.text));
        return node;
    }
    [[nodiscard]] const std::optional<FilterExpression::Problem>& problem() const { return m_problem; }

  private:
    void advance() { m_token = m_lexer.next(); }
    NodePointer fail(const QString& message) {
        if (!m_problem) m_problem = FilterExpression::Problem{message, m_token.position};
        return nullptr;
    }
    static NodePointer join(Node::Kind kind, NodePointer left, NodePointer right) {
        auto node = std::make_shared<Node>();
        node->kind = kind;
        node->left = std::move(left);
        node->right = std::move(right);
        return node;
    }

    NodePointer parseOr() {
        if (++m_depth > 64) return fail(Texts::tr("The filter is nested too deeply."));
        auto node = parseAnd();
        while (!m_problem && m_token.kind == Token::Kind::Or) {
            advance();
            node = join(Node::Kind::Or, node, parseAnd());
        }
        --m_depth;
        return node;
    }

    NodePointer parseAnd() {
        auto node = parseUnary();
        while (!m_problem) {
            if (m_token.kind == Token::Kind::And) {
                advance();
            } else if (m_token.kind == Token::Kind::Or || m_token.kind == Token::Kind::Close ||
                       m_token.kind == Token::Kind::End) {
                break;
            }
            node = join(Node::Kind::And, node, parseUnary());
        }
        return node;
    }

    NodePointer parseUnary() {
        bool negated = false;
        while (m_token.kind == Token::Kind::Not) {
            negated = !negated;
            advance();
        }
        auto node = parseTerm();
        return negated ? join(Node::Kind::Not, node, nullptr) : node;
    }

    NodePointer parseTerm() {
        if (m_token.kind == Token::Kind::Open) {
            advance();
            auto node = parseOr();
            if (m_problem) return nullptr;
            if (m_token.kind != Token::Kind::Close) return fail(Texts::tr("A closing parenthesis is missing."));
            advance();
            return node;
        }
        if (m_token.kind == Token::Kind::Quoted) return parseWord();
        if (m_token.kind != Token::Kind::Word)
            return fail(Texts::tr("A name or a comparison such as kurtosis>20 is expected here."));
        const Token name = m_token;
        advance();
        if (m_token.kind != Token::Kind::Operator) return word(name.text);
        return parseComparison(name);
    }

    NodePointer parseWord() {
        const QString text = m_token.text;
        advance();
        return word(text);
    }
    static NodePointer word(const QString& text) {
        auto node = std::make_shared<Node>();
        node->kind = Node::Kind::Word;
        node->text = text;
        return node;
    }

    NodePointer parseComparison(const Token& name) {
        const QString operation = m_token.text;
        const QString field = name.text.toLower();
        const auto kind = m_fields(field);
        if (kind == FilterField::Unknown) {
            m_token = name;
            return fail(
                Texts::tr("There is no column “%1”; try name, role, block, format, method, kurtosis, error, size.")
                    .arg(name.text));
        }
        static const QStringList kOperators{"=", "==", "!=", "<", "<=", ">", ">=", "~"};
        if (!kOperators.contains(operation))
            return fail(Texts::tr("“%1” is no comparison; use = != < <= > >= or ~.").arg(operation));
        advance();
        if (m_token.kind != Token::Kind::Word && m_token.kind != Token::Kind::Quoted)
            return fail(Texts::tr("A value is missing after “%1%2”.").arg(name.text, operation));
        auto node = std::make_shared<Node>();
        node->name = field;
        node->operation = operation == QLatin1String("==") ? QStringLiteral("=") : operation;
        node->text = m_token.text;
        node->kind = kind == FilterField::Number ? Node::Kind::Number : Node::Kind::Text;
        if (kind == FilterField::Number) {
            const auto number = parseNumber(m_token.text);
            const auto rank = parseRank(m_token.text);
            if (!number && !rank)
                return fail(Texts::tr("“%1” is not a number, and %2 is one.").arg(m_token.text, name.text));
            if (operation == QLatin1String("~"))
                return fail(Texts::tr("~ compares text; %1 is a number.").arg(name.text));
            node->number = number.value_or(0);
            node->rank = rank.value_or(0);
        } else if (operation.startsWith('<') || operation.startsWith('>')) {
            return fail(Texts::tr("%1 is text; compare it with = != or ~.").arg(name.text));
        }
        advance();
        return node;
    }

    Lexer m_lexer;
    const FilterExpression::FieldLookup& m_fields;
    Token m_token;
    std::optional<FilterExpression::Problem> m_problem;
    int m_depth = 0;
};

bool compareNumbers(double value, const QString& operation, double bound) {
    if (operation == QLatin1String("=")) return value == bound;
    if (operation == QLatin1String("!=")) return value != bound;
    if (operation == QLatin1String("<")) return value < bound;
    if (operation == QLatin1String("<=")) return value <= bound;
    if (operation == QLatin1String(">")) return value > bound;
    return value >= bound;
}

bool compareTexts(const QString& value, const QString& operation, const QString& wanted) {
    if (operation == QLatin1String("=")) return value.compare(wanted, Qt::CaseInsensitive) == 0;
    if (operation == QLatin1String("!=")) return value.compare(wanted, Qt::CaseInsensitive) != 0;
    return value.contains(wanted, Qt::CaseInsensitive);
}

bool hasRanks(const Node* node) {
    return node && (node->rank > 0 || hasRanks(node->left.get()) || hasRanks(node->right.get()));
}

bool evaluate(const Node& node, const FilterSubject& subject) {
    switch (node.kind) {
        case Node::Kind::And:
            return evaluate(*node.left, subject) && evaluate(*node.right, subject);
        case Node::Kind::Or:
            return evaluate(*node.left, subject) || evaluate(*node.right, subject);
        case Node::Kind::Not:
            return !evaluate(*node.left, subject);
        case Node::Kind::Word:
            return subject.text(QStringLiteral("name")).contains(node.text, Qt::CaseInsensitive);
        case Node::Kind::Text:
            return compareTexts(subject.text(node.name), node.operation, node.text);
        case Node::Kind::Number:
            break;
    }
    const auto value = subject.number(node.name);
    const auto bound = node.rank > 0 ? subject.ranked(node.name, node.rank) : std::optional(node.number);
    return value && bound && compareNumbers(*value, node.operation, *bound);
}

}  // namespace

FilterExpression FilterExpression::parse(const QString& text, const FieldLookup& fields,
                                         std::optional<Problem>& problem) {
    Parser parser(text, fields);
    FilterExpression expression;
    expression.m_root = parser.parse();
    problem = parser.problem();
    if (problem) expression.m_root.reset();
    return expression;
}

bool FilterExpression::usesRanks() const {
    return hasRanks(m_root.get());
}

bool FilterExpression::matches(const FilterSubject& subject) const {
    return !m_root || evaluate(*m_root, subject);
}

}  // namespace halftone::app
