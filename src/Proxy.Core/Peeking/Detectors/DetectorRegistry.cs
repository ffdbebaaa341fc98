using System.Diagnostics.CodeAnalysis;

namespace Proxy.Peeking.Detectors;

/// <summary>The protocols that are recognized by first bytes, by name.</summary>
internal sealed class DetectorRegistry(IEnumerable<IProtocolDetector> detectors)
{
    // One that is registered later replaces one of the same name.
    private readonly Dictionary<string, IProtocolDetector> _byName = Index(detectors);

    /// <summary>The names.</summary>
    public IReadOnlyCollection<string> Names => _byName.Keys;

    public bool TryFind(string name, [NotNullWhen(true)] out IProtocolDetector? detector) => _byName.TryGetValue(name, out detector);

    private static Dictionary<string, IProtocolDetector> Index(IEnumerable<IProtocolDetector> detectors)
    {
        var byName = new Dictionary<string, IProtocolDetector>(StringComparer.OrdinalIgnoreCase);
        foreach (var detector in detectors)
        {
            byName[detector.Name] = detector;
        }

        return byName;
    }
}
