namespace Proxy.Host.Cli.Init;

/// <summary>A question of <c>proxy init</c>, which is also one of its options.</summary>
/// <param name="Name">The name of the option, without dashes.</param>
/// <param name="Text">What is asked.</param>
/// <param name="Example">A value that is right in form; used until there is an answer.</param>
internal sealed record Question(string Name, string Text, string Example)
{
    /// <summary>The answer that is taken if the user gives none; null if one is needed.</summary>
    public Func<Answers, string?> Default { get; init; } = static _ => null;

    /// <summary>The words that may be answered, each with what it means; empty for any text.</summary>
    public IReadOnlyList<(string Word, string Meaning)> Choices { get; init; } = [];

    /// <summary>Whether it is asked, rather than only an option.</summary>
    public bool IsAsked { get; init; } = true;
}
