using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Proxy.Multiplexing.Framing;

/// <summary>The framers there are, by name.</summary>
public sealed class FramerRegistry
{
    private readonly FrozenDictionary<string, IMessageFramer> _byName;

    /// <summary>Creates a registry.</summary>
    /// <param name="framers">All of them, in the order they are listed.</param>
    /// <exception cref="ArgumentException">Two have the same name.</exception>
    public FramerRegistry(IEnumerable<IMessageFramer> framers)
    {
        Framers = [.. framers];
        var twice = Framers
            .GroupBy(static framer => framer.Name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(static group => group.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException($"Two framers are named '{twice.Key}'; give one of them another name.", nameof(framers));
        }

        _byName = Framers.ToFrozenDictionary(static framer => framer.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<IMessageFramer> Framers { get; }

    /// <summary>Finds one by its name, in any case.</summary>
    /// <param name="name">The name.</param>
    /// <param name="framer">The framer.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(string name, [NotNullWhen(true)] out IMessageFramer? framer) => _byName.TryGetValue(name, out framer);
}
