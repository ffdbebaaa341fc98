using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Engine;

namespace Proxy.Etcd.Documents;

/// <summary>Registers what a host tells of documents that hosts share. They are read before there are services.</summary>
internal static class DocumentServices
{
    public static void AddDocuments(this IServiceCollection services) =>
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISharedDocuments, RunningDocuments>());
}
