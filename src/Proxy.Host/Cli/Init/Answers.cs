namespace Proxy.Host.Cli.Init;

/// <summary>What a first configuration is made of; each is what a user wrote, or its default.</summary>
internal sealed class Answers
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public string this[Question question]
    {
        get => _values.GetValueOrDefault(question.Name) ?? question.Default(this) ?? question.Example;
        set => _values[question.Name] = value;
    }

    /// <summary>Whether there is a value that is not a default.</summary>
    public bool Has(Question question) => _values.ContainsKey(question.Name);

    /// <summary>Forgets a value that turned out to be wrong.</summary>
    public void Remove(Question question) => _values.Remove(question.Name);

    /// <summary>The parts of a list that is written with commas.</summary>
    public IReadOnlyList<string> List(Question question) =>
        this[question].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
