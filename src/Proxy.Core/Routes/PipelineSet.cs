using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>Everything that the connections of one revision run, built and not yet in use.</summary>
/// <param name="Routes">By route id, without tracking.</param>
/// <param name="Endpoints">By the slot of a binding.</param>
/// <param name="Kinds">What of the routes outlives edits.</param>
internal sealed record PipelineSet(
    IReadOnlyDictionary<string, ConnectionDelegate> Routes,
    IReadOnlyDictionary<string, ConnectionDelegate> Endpoints,
    IReadOnlyList<IRouteSet> Kinds
);
