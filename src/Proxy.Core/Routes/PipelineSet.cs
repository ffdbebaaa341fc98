using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>The pipelines of one revision, built and not yet in use.</summary>
/// <param name="Routes">The pipelines by route id, without tracking.</param>
/// <param name="Endpoints">The pipelines by the slot of a binding.</param>
/// <param name="Kinds">The sets of routes, by which what survives edits is updated.</param>
internal sealed record PipelineSet(
    IReadOnlyDictionary<string, ConnectionDelegate> Routes,
    IReadOnlyDictionary<string, ConnectionDelegate> Endpoints,
    IReadOnlyList<IRouteSet> Kinds
);
