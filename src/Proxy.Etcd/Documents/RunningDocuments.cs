using Proxy.Engine;
using Proxy.Revisions;

namespace Proxy.Etcd.Documents;

/// <summary>The documents that this host runs, for the record that it tells the others.</summary>
internal sealed class RunningDocuments(ConfigInspector configuration) : ISharedDocuments
{
    /// <inheritdoc />
    public IReadOnlyList<FleetDocument> Running =>
        [
            .. from document in configuration.SharedDocuments()
            let revision = document.Running
            where revision is not null
            select new FleetDocument(document.Name, revision.Value),
        ];
}
