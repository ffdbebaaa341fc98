using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Proxy.Multiplexing.Framing;

/// <summary>All framers that the configuration can use, by name.</summary>
public sealed class FramerRegistry
{
    private readonly FrozenDictionary<string, IMessageFramer> _byName;

    /// <summary>Creates a registry.</summary>
    /// <param name="framers">The framers, in the order in which they are to be listed.</param>
    /// <exception cref="ArgumentException">Two framers have the same name.</exception>
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

    /// <summary>All framers, in order.</summary>
    public IReadOnlyList<IMessageFramer> Framers { get; }

    /// <summary>Finds a framer by its name.</summary>
    /// <param name="name">The name; case is ignored.</param>
    /// <param name="framer">The framer; null if there is none of that name.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(string name, [NotNullWhen(true)] out IMessageFramer? framer) => _byName.TryGetValue(name, out framer);
}
